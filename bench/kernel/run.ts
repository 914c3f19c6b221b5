// `npm run bench:kernel -- [6.1|6.12] [PREFIX]`, see README.md: boots the guest, has in-guest.ts run in it, its output here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { KERNELS } from '../../test/kernel/kernels.ts';

const args = process.argv.slice(2);
const kernel = KERNELS.find((each) => each === args[0]);
const prefix = (kernel === undefined ? args[0] : args[1]) ?? '';
const boot = fileURLToPath(new URL('../../test/kernel/boot.sh', import.meta.url));
const command = ['node', '--disable-warning=ExperimentalWarning', 'bench/kernel/in-guest.ts', prefix];
const guest = spawn(boot, [kernel ?? '6.12', ...command], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { KERNEL_TIMEOUT: '1800', ...process.env },
});
// Whoever ends this ends the guest.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => guest.kill());
const [status] = (await once(guest, 'exit')) as [number | null];
process.exitCode = status ?? 1;
