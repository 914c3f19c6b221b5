/** A Kubernetes node and its control plane, in the namespaces that run.sh has made. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { Part } from '../cluster/control-plane-part.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { kubectlOk } from '../support/kubectl.ts';
import { containerdConfig, kubeletConfig, podNetwork } from './node-config.ts';

export interface NodeInit {
  /** The binaries of build-control-plane.sh --node. */
  readonly bin: string;
  /** A folder for everything. */
  readonly work: string;
  /** Archives of images that the node shall have. */
  readonly images: readonly string[];
}

export interface Node extends AsyncDisposable {
  readonly kubeconfig: string;
  readonly name: string;
  /** What its containers have logged, and the ends of the logs of containerd and the kubelet. */
  logs(): Promise<string>;
}

const run = promisify(execFile);
const readyTimeout = 60_000;

/** Starts them, and waits until the node is Ready. @throws Error with the end of the log of what fails */
export async function startNode({ bin, work, images }: NodeInit): Promise<Node> {
  await using stack = new AsyncDisposableStack();
  const name = 'node-1';
  const socket = join(work, 'containerd.sock');
  const ctr = (...args: string[]): Promise<unknown> => run('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args]);
  const start = async (command: string, args: readonly string[], probe: () => Promise<unknown>): Promise<void> => {
    const part = new Part({ directory: work, command, args, probe, readyTimeout });
    stack.defer(() => part.stop());
    await part.start();
  };

  await mkdir(join(work, 'cni'), { recursive: true });
  await writeFile(join(work, 'cni', '10-pods.conflist'), JSON.stringify(podNetwork));
  await writeFile(join(work, 'containerd.toml'), containerdConfig(work, socket));
  await writeFile(join(work, 'resolv.conf'), '');
  await writeFile(join(work, 'kubelet.yaml'), stringify(kubeletConfig(work, socket)));
  await start('/usr/bin/containerd', ['--config', join(work, 'containerd.toml')], () => ctr('version'));
  for (const image of images) await ctr('images', 'import', image);

  const controlPlane: ControlPlane = await startControlPlane({
    bin,
    controllers: ['*'],
    runsPods: true,
    apiServerPort: 443,
    apiServerFlags: [
      '--bind-address=0.0.0.0',
      '--service-cluster-ip-range=198.18.7.0/24',
      '--allow-privileged=true',
      '--kubelet-preferred-address-types=InternalIP',
    ],
  });
  stack.defer(() => controlPlane.stop());
  const { kubeconfig } = controlPlane;
  const atOnce = (): Promise<void> => Promise.resolve();
  await start(join(bin, 'kube-scheduler'), [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1'], atOnce);
  const kubeletFlags = [
    `--config=${join(work, 'kubelet.yaml')}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${name}`,
    '--node-ip=198.18.6.1',
  ];
  await start(join(bin, 'kubelet'), kubeletFlags, () =>
    kubectlOk(kubeconfig, ['wait', '--for=condition=Ready', '--timeout=1s', `node/${name}`]),
  );

  const owned = stack.move();
  return {
    kubeconfig,
    name,
    logs: async () => {
      const files = (await readdir('/var/log/pods', { recursive: true })).filter((file) => file.endsWith('.log'));
      const texts = [...files.map((file) => join('/var/log/pods', file)), join(work, 'containerd.log'), join(work, 'kubelet.log')].map(
        async (file) => `--- ${file}\n${(await readFile(file, 'utf8')).slice(-6000)}`,
      );
      return (await Promise.all(texts)).join('\n');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
