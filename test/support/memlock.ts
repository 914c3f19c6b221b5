import { readFileSync } from 'node:fs';

const ipcLock = 14n;

/** Whether this process, and so what it starts, has CAP_IPC_LOCK: then no limit on locked memory holds it. */
export function hasIPCLock(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> ipcLock) & 1n) === 1n;
}

/** What to put before a command so that it may lock only `bytes` of memory and no CAP_IPC_LOCK exempts it. */
export function memlockPrefix(bytes: number): string[] {
  return ['prlimit', `--memlock=${bytes}`, ...(hasIPCLock() ? ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock'] : [])];
}
