import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { kubectl } from '../manifests/kubectl.ts';
import { converse, recordingFile, recordingText } from '../requests/recording.ts';
import { scenarios } from '../requests/scenarios.ts';

beforeAll(async () => {
  const crds = join(import.meta.dirname, '../../crds');
  const result = await kubectl(inject('realKubeconfig'), 'apply', '--server-side', '--filename', crds);
  if (result.code !== 0) throw new Error(`Cannot install crds/: ${result.stderr}`);
  await kubectl(inject('realKubeconfig'), 'wait', '--for=condition=Established', '--timeout=30s', '--filename', crds);
});

describe('the real kube-apiserver answers as recorded', () => {
  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      if (scenario.withinOneSecond) await sleep(1000 - (Date.now() % 1000));
      const notes = await converse(inject('realKubeconfig'), scenario);
      await expect(recordingText(notes)).toMatchFileSnapshot(recordingFile(scenario));
    });
  }
});
