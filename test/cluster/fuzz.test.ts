import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../manifests/embedded.ts';
import { brokenManifest } from '../manifests/mutations.ts';
import { isObject, type Outcome } from '../manifests/outcome.ts';
import { sendBroken } from '../manifests/send-broken.ts';
import { installCrds } from './install-crds.ts';
import { RawClient } from './raw-client.ts';

let embedded: EmbeddedServer;
let ours: RawClient;
let real: RawClient;

beforeAll(async () => {
  await installCrds(inject('realKubeconfig'));
  embedded = await startEmbedded();
  ours = await RawClient.fromKubeconfig(embedded.kubeconfig);
  real = await RawClient.fromKubeconfig(inject('realKubeconfig'));
});
afterAll(async () => {
  ours.close();
  real.close();
  await embedded.stop();
});

/** Code, reason and the fields found wrong; the wording is compared in the recordings. */
function judgement(outcome: Outcome | undefined): object {
  const causes = isObject(outcome?.details) && Array.isArray(outcome.details['causes']) ? (outcome.details['causes'] as unknown[]) : [];
  const fields = causes.map((cause) => (isObject(cause) ? String(cause['field']) : '')).filter((field) => field !== '<nil>');
  return { code: outcome?.code, reason: outcome?.reason, fields: [...new Set(fields)].sort() };
}

it('the embedded server judges random manifests as the real one does', async () => {
  const modes = fc.constantFrom('Strict', 'Warn', 'Ignore');
  await fc.assert(
    fc.asyncProperty(brokenManifest, modes, async (manifest, fieldValidation) => {
      const [expected, got] = await Promise.all([real, ours].map((client) => sendBroken(client, manifest, fieldValidation)));
      expect(judgement(got)).toEqual(judgement(expected));
    }),
    { numRuns: 2000 },
  );
});
