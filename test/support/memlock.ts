import { readFileSync } from 'node:fs';
import { hasCapability } from '../../src/lib/proc-text.ts';

/** Whether this process, and so what it starts, has CAP_IPC_LOCK: then no limit on locked memory holds it. */
export function hasIPCLock(): boolean {
  return hasCapability(readFileSync('/proc/self/status', 'utf8'), 'ipcLock');
}

/** What to put before a command so that it may lock only `bytes` of memory and no CAP_IPC_LOCK exempts it. */
export function memlockPrefix(bytes: number): string[] {
  return ['prlimit', `--memlock=${bytes}`, ...(hasIPCLock() ? ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock'] : [])];
}
