import type { PinRefusal } from '../provider/contract.ts';

/** What to do about a pin that a limit refused, for people. */
export function memlockMessage({ pid, comm, lockedBytes, limitBytes, wantedBytes }: PinRefusal): string {
  const needed = lockedBytes + wantedBytes;
  return (
    `${comm} (${pid}) has ${size(lockedBytes)} locked, may lock ${size(limitBytes)}, and the device could not pin ${size(wantedBytes)} more ` +
    `of its memory (ENOMEM). Raise RLIMIT_MEMLOCK of the process to at least ${needed} bytes (ulimit -l, LimitMEMLOCK= of its systemd ` +
    `unit, hard_limit of libvirt's memtune, or prlimit --pid ${pid} --memlock=${needed}), or give it CAP_IPC_LOCK.`
  );
}

/** Bytes, and what they are in a unit that can be read at a glance. */
function size(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 'bytes';
  for (const larger of units) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return unit === 'bytes' ? `${bytes} bytes` : `${bytes} bytes (${Number(value.toFixed(1))} ${unit})`;
}
