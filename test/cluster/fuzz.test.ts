import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../manifests/embedded.ts';
import { brokenManifest } from '../manifests/mutations.ts';
import { isObject, type Outcome } from '../manifests/outcome.ts';
import { sendBroken } from '../manifests/send-broken.ts';
import { RawClient } from './raw-client.ts';

let embedded: EmbeddedServer;
let ours: RawClient;
let real: RawClient;

beforeAll(async () => {
  embedded = await startEmbedded();
  ours = await RawClient.fromKubeconfig(embedded.kubeconfig);
  real = await RawClient.fromKubeconfig(inject('realKubeconfig'));
});
afterAll(async () => {
  ours.close();
  real.close();
  await embedded.stop();
});

/** The fields found wrong. The real server may say of itself, under "<nil>", that it has not checked everything. */
function wrongFields(outcome: Outcome): Set<string> {
  const causes: unknown[] = isObject(outcome.details) && Array.isArray(outcome.details['causes']) ? outcome.details['causes'] : [];
  return new Set(causes.filter(isObject).map((cause) => String(cause['field'])));
}

/** Code, reason and wrong fields must be the same; the wording is compared in the recordings. */
function compare(expected: Outcome, got: Outcome): void {
  expect({ code: got.code, reason: got.reason }).toEqual({ code: expected.code, reason: expected.reason });
  const known = wrongFields(expected);
  const found = wrongFields(got);
  const unchecked = known.delete('<nil>');
  found.delete('<nil>');
  if (unchecked) expect([...found]).toEqual(expect.arrayContaining([...known]));
  else expect([...found].sort()).toEqual([...known].sort());
}

it('the embedded server judges random manifests as the real one does', async () => {
  const modes = fc.constantFrom('Strict', 'Warn', 'Ignore');
  await fc.assert(
    fc.asyncProperty(brokenManifest, modes, async (manifest, fieldValidation) => {
      const expected = await sendBroken(real, manifest, fieldValidation);
      compare(expected, await sendBroken(ours, manifest, fieldValidation));
    }),
    { numRuns: 2000 },
  );
});
