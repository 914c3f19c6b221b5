import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { KERNELS } from './kernels.ts';

const vitest = ['node', 'node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.kernel-guest.config.ts', '--configLoader', 'native'];

/** A guest that has said nothing for so long hangs, ms: every test says when it is over, and takes some minutes at the most where emulation is slow. */
const longestSilence = 900_000;

/** Runs a command in a guest with that kernel, its output here. Answers its exit status. */
async function runInGuest(kernel: string, command: readonly string[]): Promise<number | null> {
  const child = spawn(fileURLToPath(new URL('./boot.sh', import.meta.url)), [kernel, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // How long all of it takes is a matter of the machine.
    env: { KERNEL_TIMEOUT: '14000', ...process.env },
  });
  // The console of what is ended so is shown.
  const kill = (): boolean => child.kill();
  process.once('exit', kill);
  const silent = setTimeout(kill, longestSilence);
  child.stdout.on('data', (piece: Buffer) => {
    silent.refresh();
    writeSync(1, piece);
  });
  const [status] = (await once(child, 'close')) as [number | null];
  clearTimeout(silent);
  process.removeListener('exit', kill);
  return status;
}

beforeAll(() => {
  execFileSync('npm', ['run', '--silent', 'build:guest'], { cwd: new URL('../../', import.meta.url), stdio: 'inherit' });
});

// Each guest takes little more than one processor.
test.concurrent.each(KERNELS)('all of guest-tests/ passes on kernel %s', async (kernel) => {
  const environment = [`KERNEL=${kernel}`, 'OPERATOR=built', ...('CI' in process.env ? ['CI=1'] : [])];
  const only = (process.env['KERNEL_TESTS'] ?? '').split(' ').filter((name) => name !== '');
  const status = await runInGuest(kernel, ['env', ...environment, ...vitest, '--reporter=verbose', ...only]);
  expect(status, 'the exit status of Vitest in the guest; what failed is printed above').toBe(0);
});
