import { join } from 'node:path';
import type { DeviceUser, Pinned } from '../../contract.ts';
import { hasCapability, softLimit } from '../../../lib/proc-text.ts';
import { readText } from '../files.ts';
import type { SysfsLayout } from '../layout.ts';

const kibibyte = 1024;

/** What people call a process, and the VM that it runs, where its command line says so. Undefined when it has ended. */
export async function describeProcess({ proc }: SysfsLayout, pid: number): Promise<DeviceUser | undefined> {
  const [comm, cmdline] = await Promise.all([readText(join(proc, String(pid), 'comm')), readText(join(proc, String(pid), 'cmdline'))]);
  if (comm === undefined || comm === '') return undefined;
  const vm = vmName((cmdline ?? '').split('\0'));
  return { pid, comm, ...(vm !== undefined && { vm }) };
}

/** The name in a QEMU's command line: `-name web`, `-name guest=web,debug-threads=on` as libvirt writes it. */
export function vmName(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => arg === '-name' || arg === '--name');
  const value = at === -1 ? undefined : args[at + 1];
  if (value === undefined) return undefined;
  // A comma in a value is doubled.
  const options = value.replaceAll(',,', '\0').split(',');
  const guest =
    options.find((option) => option.startsWith('guest='))?.slice('guest='.length) ??
    (options[0]?.includes('=') === true ? undefined : options[0]);
  const name = guest?.replaceAll('\0', ',');
  return name === undefined || name === '' ? undefined : name;
}

/**
 * What a process has locked, for whatever reason: VmLck, where type1 accounts what is pinned, and VmPin, where iommufd may. The kernel
 * does not tell it by device. Undefined when the process has ended.
 */
export async function lockedMemory({ proc }: SysfsLayout, pid: number): Promise<Pinned | undefined> {
  const [status, limits] = await Promise.all([readText(join(proc, String(pid), 'status')), readText(join(proc, String(pid), 'limits'))]);
  if (status === undefined || limits === undefined) return undefined;
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * kibibyte;
  const limit = hasCapability(status, 'ipcLock') ? Infinity : softLimit(limits, 'Max locked memory');
  return { lockedBytes: Math.max(field('VmLck'), field('VmPin')), ...(limit !== Infinity && { limitBytes: limit }) };
}
