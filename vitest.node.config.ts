import { defineConfig } from 'vitest/config';

// A whole node: test/node/README.md. Its tests are one story, told in order, so none is tried twice.
export default defineConfig({
  test: {
    include: ['test/node/**/*.test.ts'],
    fileParallelism: false,
    pool: 'forks',
    bail: 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
