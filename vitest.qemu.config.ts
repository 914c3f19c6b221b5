import { defineConfig } from 'vitest/config';

// With a real QEMU, see test/qemu/README.md. One file after the other: a QEMU needs a core for itself.
export default defineConfig({
  test: {
    include: ['test/qemu/**/*.test.ts'],
    pool: 'forks',
    // CI machines stall for seconds; a test that fails twice is broken, one that fails once is reported as flaky.
    retry: process.env['CI'] === undefined ? 0 : 1,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
});
