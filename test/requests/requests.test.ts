import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../manifests/embedded.ts';
import { type Difference, differencesOfNotes, judge, tableOf } from './differences.ts';
import { knownDifferences } from './known-differences.ts';
import { converse, readRecording } from './recording.ts';
import { scenarios } from './scenarios.ts';

describe('the embedded server answers as the real kube-apiserver was recorded to', () => {
  let server: EmbeddedServer;
  const all: Difference[] = [];
  beforeAll(async () => {
    // The clock stands: whether a second passes must not matter, see Scenario.withinOneSecond.
    server = await startEmbedded({ now: Date.now() });
  });
  afterAll(() => server.stop());

  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      const found = differencesOfNotes(scenario.name, await readRecording(scenario), await converse(server.kubeconfig, scenario));
      all.push(...found);
      expect(tableOf(judge(found, knownDifferences).unknown)).toBe('');
    });
  }

  it('and the list of known differences is up to date', () => {
    expect(judge(all, knownDifferences).stale).toEqual([]);
  });
});
