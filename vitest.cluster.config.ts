import { defineConfig } from 'vitest/config';

// Against a real kube-apiserver, see test/cluster/README.md. One control plane serves all files.
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
