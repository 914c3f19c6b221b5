/** Brings crds/ as they are on disk into a real cluster. */
import { join } from 'node:path';
import { kubectlOk } from '../support/kubectl.ts';

export const crdsFolder = join(import.meta.dirname, '../../crds');

/** Applies them and waits until they are served. @throws Error when one is refused */
export async function installCrds(kubeconfig: string): Promise<void> {
  await kubectlOk(kubeconfig, ['apply', '--server-side', '--filename', crdsFolder]);
  await kubectlOk(kubeconfig, ['wait', '--for=condition=Established', '--timeout=30s', '--filename', crdsFolder]);
  // For a moment they are refused with 429, storage is (re)initializing, which kubectl waits out.
  await kubectlOk(kubeconfig, ['get', 'mdevdevices,mdevparents', '--all-namespaces']);
}
