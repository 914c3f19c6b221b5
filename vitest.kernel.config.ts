import { defineConfig } from 'vitest/config';

// With real kernels, see test/kernel/README.md. What failed is tried again in the guest, not with a guest.
export default defineConfig({
  test: {
    include: ['test/kernel/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    // Who hangs is found sooner, see guests.test.ts.
    testTimeout: 14_400_000,
    hookTimeout: 600_000,
  },
});
