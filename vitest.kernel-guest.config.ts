import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/kernel/guest-tests/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
