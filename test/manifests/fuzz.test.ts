import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../cluster/raw-client.ts';
import { type EmbeddedServer, startEmbedded } from './embedded.ts';
import { brokenManifest } from './mutations.ts';
import { sendBroken } from './send-broken.ts';

describe('the embedded API server under random manifests', () => {
  let server: EmbeddedServer;
  let client: RawClient;
  beforeAll(async () => {
    server = await startEmbedded();
    client = await RawClient.fromKubeconfig(server.kubeconfig);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  it('accepts them or refuses them with a Status that says why, and keeps nothing half-made', async () => {
    await fc.assert(
      fc.asyncProperty(brokenManifest, fc.constantFrom('Strict', 'Warn', 'Ignore'), async (manifest, fieldValidation) => {
        const outcome = await sendBroken(client, manifest, fieldValidation);
        if (outcome.code !== 201) {
          expect([400, 404, 409, 422]).toContain(outcome.code);
          expect(outcome.reason).toEqual(expect.any(String));
          expect(String(outcome.message).length).toBeGreaterThan(10);
        }
      }),
      { numRuns: 500 },
    );
    expect(server.complaints).toEqual([]);
    for (const plural of ['mdevdevices', 'mdevparents']) {
      const list = await client.request({ path: `/apis/mediated.dev/v1alpha1/${plural}` });
      expect(JSON.parse(list.body)).toMatchObject({ items: [] });
    }
  }, 60_000);
});
