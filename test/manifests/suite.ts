/** The corpus as a suite for any API server that serves our CRDs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../cluster/raw-client.ts';
import type { ManifestCase } from './case.ts';
import { corpus } from './corpus.ts';
import { kubectl } from '../support/kubectl.ts';
import { createWithKubectl, type Creation } from './kubectl.ts';
import type { Outcome } from './outcome.ts';
import { makeNamespace, namespace, sendRaw } from './send.ts';

/**
 * Declares the tests. `kubeconfig` is asked in beforeAll; the server has our CRDs and stays the caller's.
 * `onOutcome` sees what the server said to each case that was sent as raw HTTP.
 */
export function describeCorpus(
  server: string,
  kubeconfig: () => string,
  onOutcome: (entry: ManifestCase, outcome: Outcome) => void | Promise<void>,
): void {
  describe(`${server}, manifests as raw HTTP`, () => {
    let client: RawClient;
    beforeAll(async () => {
      client = await RawClient.fromKubeconfig(kubeconfig());
      await makeNamespace(client, namespace);
    });
    afterAll(() => client.close());

    for (const entry of corpus) {
      it(titleOf(entry), async () => {
        const outcome = await sendRaw(client, entry);
        await onOutcome(entry, outcome);
        if ('accepted' in entry.expected) {
          expect(outcome).toMatchObject({ code: entry.before ? 200 : 201 });
          return;
        }
        expect(outcome).toMatchObject({ code: entry.expected.code, message: expect.stringContaining(entry.expected.mentions) as string });
        if (outcome.code === 422) expect(JSON.stringify(outcome.details)).toContain(`"field":"${entry.expected.mentions}`);
      });
    }

    it('still serves after all of them', async () => {
      expect(await client.request({ path: '/readyz' })).toMatchObject({ status: 200 });
    });
  });

  describe(`${server}, manifests through kubectl`, () => {
    const cases = corpus.filter((entry) => entry.kubectl !== false && entry.before === undefined);
    let creations: Map<ManifestCase, Creation>;
    beforeAll(async () => {
      const client = await RawClient.fromKubeconfig(kubeconfig());
      await makeNamespace(client, namespace);
      client.close();
      const folder = await mkdtemp(join(tmpdir(), 'mdev-corpus-'));
      try {
        creations = await createWithKubectl(kubeconfig(), folder, cases);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
    afterAll(async () => {
      const freed = JSON.stringify({ metadata: { finalizers: null } });
      await kubectl(kubeconfig(), ['patch', '-n', namespace, 'mdevdevices', 'labelled', '--type=merge', '-p', freed]);
      await kubectl(kubeconfig(), [
        'delete',
        '-n',
        namespace,
        'mdevdevices,mdevdevicesets,mdevparents,mdevclasses',
        '--all',
        '--wait=false',
      ]);
    });

    for (const entry of cases) {
      it(titleOf(entry), () => {
        const creation = creations.get(entry);
        if ('accepted' in entry.expected) expect(creation).toEqual({ created: true, refusal: '' });
        else expect(creation).toEqual({ created: false, refusal: expect.stringContaining(entry.expected.mentions) as string });
      });
    }
  });
}

function titleOf(entry: ManifestCase): string {
  return 'accepted' in entry.expected ? `accepts ${entry.name}` : `refuses ${entry.name}, naming ${entry.expected.mentions || 'nothing'}`;
}
