import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { kubectl } from '../manifests/kubectl.ts';
import type { Outcome } from '../manifests/outcome.ts';
import { recordedFile, recordedText } from '../manifests/recorded.ts';
import { describeCorpus } from '../manifests/suite.ts';

const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  const crds = join(import.meta.dirname, '../../crds');
  const result = await kubectl(inject('realKubeconfig'), 'apply', '--server-side', '--filename', crds);
  if (result.code !== 0) throw new Error(`Cannot install crds/: ${result.stderr}`);
  await kubectl(inject('realKubeconfig'), 'wait', '--for=condition=Established', '--timeout=30s', '--filename', crds);
});

describeCorpus(
  'the real kube-apiserver',
  () => inject('realKubeconfig'),
  (entry, outcome) => void outcomes.set(entry.name, outcome),
);

it('says what was recorded, which the embedded server is compared with', async () => {
  await expect(recordedText(outcomes)).toMatchFileSnapshot(recordedFile);
});
