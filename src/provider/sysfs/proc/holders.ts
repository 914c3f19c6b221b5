import { join } from 'node:path';
import { deviceNumber, isDenied, linkTarget, names, readText } from '../files.ts';
import type { SysfsLayout } from '../layout.ts';
import { writerTitle } from '../writer/order.ts';

/** One process that has VFIO files open. */
export interface Holder {
  readonly pid: number;
  /** Device numbers of the group nodes, and of the character devices, that it has open. */
  readonly nodes: ReadonlySet<number>;
  /** UUIDs of the devices that it has open, where the kernel tells. */
  readonly devices: ReadonlySet<string>;
  /** Devices that it has open of which the kernel does not tell which they are. */
  readonly unnamed: number;
}

export interface Scan {
  readonly holders: readonly Holder[];
  /** Why there may be more than those: what the right is missing to look at. */
  readonly blind: string | undefined;
}

/** The number of the first PID namespace: PROC_PID_INIT_INO of include/linux/proc_ns.h. */
const firstPIDNamespace = 'pid:[4026531836]';

/** All processes that have VFIO files open, as far as this one may look. */
export async function scanHolders({ proc }: SysfsLayout): Promise<Scan> {
  const pids = (await names(proc)).filter((name) => /^\d+$/.test(name));
  const holders: Holder[] = [];
  let refused = 0;
  for (const pid of pids) {
    try {
      const holder = await holderOf(join(proc, pid), Number(pid));
      if (holder !== undefined) holders.push(holder);
    } catch (error) {
      if (!isDenied(error)) throw error;
      refused += 1;
    }
  }
  return {
    holders,
    blind: refused > 0 ? `${refused} processes cannot be looked at (the right to ptrace them is missing)` : await namespaceBlindness(proc),
  };
}

/** Why not all processes of the node are seen here; undefined where they are. */
export async function namespaceBlindness(proc: string): Promise<string | undefined> {
  for (const pid of ['1', 'self']) if ((await namespaceOf(join(proc, pid))) === firstPIDNamespace) return undefined;
  return 'this is not the PID namespace of the node (hostPID is missing), so that its processes are not seen';
}

/** Undefined where that may not be seen. */
async function namespaceOf(folder: string): Promise<string | undefined> {
  try {
    return await linkTarget(join(folder, 'ns/pid'));
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}

async function holderOf(folder: string, pid: number): Promise<Holder | undefined> {
  const nodes = new Set<number>();
  const devices = new Set<string>();
  let unnamed = 0;
  for (const fd of await names(join(folder, 'fd'))) {
    const target = await linkTarget(join(folder, 'fd', fd));
    // A node that was deleted is of a group that is gone, though another may have its number by now.
    if (target?.startsWith('/dev/vfio/') === true && !target.endsWith(' (deleted)') && target !== '/dev/vfio/vfio') {
      const number = await deviceNumber(join(folder, 'fd', fd));
      if (number !== undefined) nodes.add(number);
    } else if (target?.startsWith('anon_inode:[vfio-device]') === true) {
      const path = /^vfio-device-syspath:\s*(\S+)$/m.exec((await readText(join(folder, 'fdinfo', fd))) ?? '')?.[1];
      if (path === undefined) unnamed += 1;
      else devices.add(path.slice(path.lastIndexOf('/') + 1));
    }
  }
  if (nodes.size + devices.size + unnamed === 0 || (await isWriter(folder))) return undefined;
  return { pid, nodes, devices, unnamed };
}

/** Whether it is one of ours, which holds a group while it removes a device: no user of it. */
async function isWriter(folder: string): Promise<boolean> {
  return (await readText(join(folder, 'cmdline')))?.startsWith(writerTitle) === true;
}
