import type { Logger } from 'pino';
import type { MdevProvider } from '../provider/contract.ts';
import { RemoteProvider } from '../provider/remote/client.ts';
import { SysfsProvider } from '../provider/sysfs/provider.ts';
import type { CliContext } from './context.ts';
import { checkSocketPath } from './socket-path.ts';
import { UsageError } from './usage-error.ts';

/** The provider that an agent drives, as its flags say. @throws UsageError where there is none */
export function openProvider(context: CliContext, kind: 'emulated' | 'sysfs', socketPath: string | undefined, log: Logger): MdevProvider {
  if (kind === 'sysfs') return new SysfsProvider({ root: '/', clock: context.clock, log });
  if (socketPath === undefined)
    throw new UsageError('--emulator: give the UNIX socket of an emulator (mdev-operator emulator --socket PATH)');
  checkSocketPath('--emulator', socketPath);
  return new RemoteProvider({ socketPath, clock: context.clock, log });
}
