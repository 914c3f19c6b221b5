import { defineConfig } from 'vitest/config';
import { oldestKubernetes } from './test/cluster/versions.ts';

// Tests of restored.test.ts replace etcd's data and start everything again, once or twice each.
const slowFaults = ['test/cluster/faults/restored.test.ts', 'test/readiness/*.test.ts'];
const processes = ['test/cluster/operator.test.ts'];
const operator = [
  ...processes,
  'test/agent/*.test.ts',
  'test/controller/*.test.ts',
  'test/monitoring/*.test.ts',
  'test/readiness/*.test.ts',
];
// CI has half an hour for everything: there the oldest version has the operator as processes, and slow faults are for `npm run test:cluster` by hand,
// and readiness is tried on the embedded server.
const inCI = process.env['CI'] !== undefined;

// Against a real kube-apiserver, see test/cluster/README.md. One control plane serves all files of a project.
export default defineConfig({
  test: {
    // Vitest takes these of the root only.
    fileParallelism: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'newest',
          include: ['test/cluster/**/*.test.ts', ...operator],
          provide: { emulatedVersion: undefined },
          exclude: inCI ? slowFaults : [],
        },
      },
      {
        extends: true,
        test: { name: oldestKubernetes, include: inCI ? processes : operator, provide: { emulatedVersion: oldestKubernetes } },
      },
    ],
    globalSetup: ['test/cluster/global-setup.ts'],
    pool: 'forks',
    // CI machines stall for seconds; a test that fails twice is broken, one that fails once is reported as flaky.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
