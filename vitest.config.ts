import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/cluster/**', 'test/qemu/**', 'test/kernel/**', 'test/node/**'],
    pool: 'forks',
    // Half of the tests' time is waiting for what processes do: two files at a time, also where there are two processors only.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // CI machines stall for seconds; a test that fails twice is broken, one that fails once is reported as flaky.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
