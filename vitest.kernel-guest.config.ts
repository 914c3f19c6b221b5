import { defineConfig } from 'vitest/config';

// What test/kernel/guests.test.ts runs inside of each guest, where the repository is read-only and everything takes long.
export default defineConfig({
  cacheDir: '/tmp/vite',
  test: {
    // See rolldown.kernel.config.ts.
    include: ['build/guest/*.test.js'],
    // Only the tests themselves are for Vitest to transform.
    server: { deps: { external: [/\/build\/guest\/(?!.*\.test\.js$)/] } },
    pool: 'forks',
    // CI machines stall for seconds; a test that fails twice is broken, one that fails once is reported as flaky.
    retry: process.env['CI'] === undefined ? 0 : 1,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
