/** Where the control plane's binaries are: asks build-control-plane.sh, which builds them if nobody has them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * The folder with kube-apiserver and etcd, and with `controllers` also kube-controller-manager. May take minutes once.
 * @throws Error with the script's output when they can neither be found nor built
 */
export async function buildControlPlane(wanted: { readonly controllers?: boolean } = {}): Promise<string> {
  const script = join(import.meta.dirname, 'build-control-plane.sh');
  const { stdout } = await promisify(execFile)('sh', [script, ...(wanted.controllers ? ['--all'] : [])]);
  return stdout.trim();
}
