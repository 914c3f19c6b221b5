/** Where the control plane's binaries are: asks build-control-plane.sh, which builds them if nobody has them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * The folder with kube-apiserver and etcd, with `controllers` also kube-controller-manager, with `node` also kube-scheduler and kubelet. May take
 * minutes once.
 * @throws Error with the script's output when they can neither be found nor built
 */
export async function buildControlPlane(wanted: { readonly controllers?: boolean; readonly node?: boolean } = {}): Promise<string> {
  const script = join(import.meta.dirname, 'build-control-plane.sh');
  const flags = wanted.node ? ['--node'] : wanted.controllers ? ['--all'] : [];
  const { stdout } = await promisify(execFile)('sh', [script, ...flags]);
  return stdout.trim();
}
