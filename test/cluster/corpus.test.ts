import { beforeAll, inject } from 'vitest';
import { join } from 'node:path';
import { kubectl } from '../manifests/kubectl.ts';
import { describeCorpus } from '../manifests/suite.ts';

beforeAll(async () => {
  const crds = join(import.meta.dirname, '../../crds');
  const result = await kubectl(inject('realKubeconfig'), 'apply', '--server-side', '--filename', crds);
  if (result.code !== 0) throw new Error(`Cannot install crds/: ${result.stderr}`);
  await kubectl(inject('realKubeconfig'), 'wait', '--for=condition=Established', '--timeout=30s', '--filename', crds);
});

describeCorpus('the real kube-apiserver', () => inject('realKubeconfig'));
