/** Brings crds/ as they are on disk into a real cluster. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, kubectlOk } from '../support/kubectl.ts';

export const crdsFolder = join(import.meta.dirname, '../../crds');
/** How long a server may take to serve them, ms. */
const patience = 30_000;

/** Applies them and waits until they are served. @throws Error when one is refused, or not served in time */
export async function installCrds(kubeconfig: string): Promise<void> {
  await kubectlOk(kubeconfig, ['apply', '--server-side', '--filename', crdsFolder]);
  await kubectlOk(kubeconfig, ['wait', '--for=condition=Established', '--timeout=30s', '--filename', crdsFolder]);
  const names = (await readdir(crdsFolder)).map((file) => file.replace(/^.*_(.*)\.yaml$/, '$1.mediated.dev'));
  const deadline = Date.now() + patience;
  for (;;) {
    // One that is established may be answered with 429 yet: its storage is being set up.
    const { code, stderr } = await kubectl(kubeconfig, ['get', '--all-namespaces', '--output=name', names.join(',')]);
    if (code === 0) return;
    if (Date.now() > deadline) throw new Error(`The CRDs are not served: ${stderr}`);
    await sleep(100);
  }
}
