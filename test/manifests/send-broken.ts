/** Sends a manifest that may be broken in any way, in dry run. */
import type { RawClient } from '../cluster/raw-client.ts';
import type { Manifest } from './case.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

/** The collection is chosen by the manifest's kind. Nothing is stored whatever the answer is. */
export async function sendBroken(client: RawClient, manifest: Manifest, fieldValidation: string): Promise<Outcome> {
  const collection = manifest['kind'] === 'MdevParent' ? 'mdevparents' : 'namespaces/default/mdevdevices';
  const answer = await client.request({
    method: 'POST',
    path: `/apis/mediated.dev/v1alpha1/${collection}?dryRun=All&fieldValidation=${fieldValidation}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(manifest),
  });
  return outcomeOf(answer);
}
