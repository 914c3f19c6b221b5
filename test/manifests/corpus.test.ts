import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, judge, tableOf } from '../requests/differences.ts';
import { knownManifestDifferences } from '../requests/known-differences.ts';
import { corpus } from './corpus.ts';
import { type EmbeddedServer, startEmbedded } from './embedded.ts';
import type { Outcome } from './outcome.ts';
import { readRecorded } from './recorded.ts';
import { describeCorpus } from './suite.ts';

let server: EmbeddedServer;
let recorded: Map<string, Outcome>;
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  [server, recorded] = await Promise.all([startEmbedded(), readRecorded()]);
});
afterAll(() => server.stop());

describeCorpus(
  'the embedded API server',
  () => server.kubeconfig,
  (entry, outcome) => void outcomes.set(entry.name, outcome),
);

describe('the corpus', () => {
  it('has many malformed manifests, and names each case once', () => {
    expect(corpus.filter(({ expected }) => !('accepted' in expected)).length).toBeGreaterThanOrEqual(60);
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  });

  it('is recorded: else run `npm run test:cluster -- -u`', () => {
    expect([...recorded.keys()].sort()).toEqual(corpus.map(({ name }) => name).sort());
  });

  it('is answered as the real kube-apiserver answers it', () => {
    const found = [...recorded].flatMap(([name, outcome]) =>
      differences(outcome, outcomes.get(name), '').map((difference) => ({ where: name, ...difference })),
    );
    const { unknown, stale } = judge(found, knownManifestDifferences);
    expect(tableOf(unknown)).toBe('');
    expect(stale).toEqual([]);
  });
});
