import { beforeAll, expect, inject, it } from 'vitest';
import type { Outcome } from '../manifests/outcome.ts';
import { recordedFile, recordedText } from '../manifests/recorded.ts';
import { describeCorpus } from '../manifests/suite.ts';
import { installCrds } from './install-crds.ts';

const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  await installCrds(inject('realKubeconfig'));
});

describeCorpus(
  'the real kube-apiserver',
  () => inject('realKubeconfig'),
  (entry, outcome) => void outcomes.set(entry.name, outcome),
);

it('says what was recorded, which the embedded server is compared with', async () => {
  await expect(recordedText(outcomes)).toMatchFileSnapshot(recordedFile);
});
