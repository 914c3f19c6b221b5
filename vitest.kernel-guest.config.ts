import { defineConfig } from 'vitest/config';

// What test/kernel/guests.test.ts runs inside of each guest, where the repository is read-only and everything takes long.
export default defineConfig({
  cacheDir: '/tmp/vite',
  test: {
    include: ['test/kernel/guest-tests/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
