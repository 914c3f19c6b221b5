import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { converse, recordingFile, recordingText } from '../requests/recording.ts';
import { scenarios } from '../requests/scenarios.ts';

describe('the real kube-apiserver answers as recorded', () => {
  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      if (scenario.withinOneSecond) await sleep(1000 - (Date.now() % 1000));
      const notes = await converse(inject('realKubeconfig'), scenario);
      await expect(recordingText(notes)).toMatchFileSnapshot(recordingFile(scenario));
    });
  }
});
