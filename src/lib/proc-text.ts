/** What /proc/PID/status and /proc/PID/limits say, from their text (proc_pid_status(5), proc_pid_limits(5)). */

/** Bits of linux/capability.h. */
export const capabilities = { dacOverride: 1n, dacReadSearch: 2n, ipcLock: 14n, sysPtrace: 19n } as const;

/** Whether a process has a capability in effect, in its own user namespace. @param status the text of /proc/PID/status */
export function hasCapability(status: string, capability: keyof typeof capabilities): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> capabilities[capability]) & 1n) === 1n;
}

/** The soft limit of this name, Infinity where there is none. @param limits the text of /proc/PID/limits */
export function softLimit(limits: string, name: 'Max locked memory' | 'Max open files'): number {
  const limit = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(limits)?.[1];
  return limit === undefined ? Infinity : Number(limit);
}
