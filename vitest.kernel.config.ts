import { defineConfig } from 'vitest/config';

// With real kernels, see test/kernel/README.md. One guest after the other: each takes two cores.
export default defineConfig({
  test: {
    include: ['test/kernel/*.test.ts'],
    pool: 'forks',
    // CI machines stall for seconds; a test that fails twice is broken, one that fails once is reported as flaky.
    retry: process.env['CI'] === undefined ? 0 : 1,
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
