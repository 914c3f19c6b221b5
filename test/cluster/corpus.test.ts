import { expect, inject, it } from 'vitest';
import type { Outcome } from '../manifests/outcome.ts';
import { recordedFile, recordedText } from '../manifests/recorded.ts';
import { describeCorpus } from '../manifests/suite.ts';

const outcomes = new Map<string, Outcome>();

describeCorpus(
  'the real kube-apiserver',
  () => inject('realKubeconfig'),
  (entry, outcome) => void outcomes.set(entry.name, outcome),
);

it('says what was recorded, which the embedded server is compared with', async () => {
  await expect(recordedText(outcomes)).toMatchFileSnapshot(recordedFile);
});
