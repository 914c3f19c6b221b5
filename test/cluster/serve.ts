/** By hand: `node test/cluster/serve.ts [emulated version]` runs a control plane until Ctrl-C and prints its kubeconfig. */
import { once } from 'node:events';
import { buildControlPlane } from './binaries.ts';
import { startControlPlane } from './control-plane.ts';

const bin = await buildControlPlane({ controllers: true });
const emulatedVersion = process.argv[2];
await using controlPlane = await startControlPlane({
  bin,
  controllers: ['namespace-controller', 'garbage-collector-controller'],
  ...(emulatedVersion !== undefined && { emulatedVersion }),
});
process.stdout.write(`export KUBECONFIG=${controlPlane.kubeconfig}\n`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
