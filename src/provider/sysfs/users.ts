import { join } from 'node:path';
import type { Device, DeviceUse, Users } from '../contract.ts';
import { deviceNumber } from './files.ts';
import type { SysfsLayout } from './layout.ts';
import type { Holder, Scan } from './proc/holders.ts';
import { describeProcess, lockedMemory } from './proc/process.ts';

/**
 * Who has a device open, as far as /proc tells.
 * @param proven the kernel has said that somebody has it
 */
export async function usersOf(layout: SysfsLayout, device: Device, scan: Scan, proven: boolean): Promise<Users> {
  const users = await usersIn(layout, device, scan, proven);
  const blind = scan.blind ?? nodeBlindness(layout, device);
  return { ...users, ...(!users.inUse && blind !== undefined && { blind }) };
}

/** Who has a group open is told by the number of its node. */
function nodeBlindness({ vfio }: SysfsLayout, { state, group, groupPath }: Device): string | undefined {
  // While a device goes, its node is gone first.
  if (state !== 'live' || group === undefined || groupPath !== undefined) return undefined;
  return `there is no ${join(vfio, String(group))} here (the node's /dev/vfio is not seen)`;
}

/** Those of `devices` that are in use, as far as /proc tells. */
export async function usesOf(layout: SysfsLayout, devices: readonly Device[], scan: Scan): Promise<DeviceUse[]> {
  const uses = await Promise.all(devices.map(async (device) => ({ id: device.id, ...(await usersIn(layout, device, scan)) })));
  return uses.filter(({ inUse }) => inUse);
}

async function usersIn(layout: SysfsLayout, device: Device, { holders }: Scan, proven = false): Promise<Users> {
  const paths = [device.groupPath, device.cdevPath].filter((path) => path !== undefined);
  const numbers = await Promise.all(paths.map(deviceNumber));
  const holding = holders.filter((holder) => holds(holder, device, numbers, proven));
  const known = (await Promise.all(holding.map(({ pid }) => describeProcess(layout, pid)))).filter((user) => user !== undefined);
  const [first] = known;
  const pinned = first === undefined ? undefined : await lockedMemory(layout, first.pid);
  return { inUse: proven || known.length > 0, known, ...(pinned !== undefined && { pinned }) };
}

/**
 * Whoever has closed a group keeps it busy by its device, and /proc shows a device file without its name. Where it is certain that somebody
 * has the device, it is one of those that have more device files than groups.
 */
function holds(
  { nodes, devices, unnamed }: Holder,
  { id, state }: Device,
  numbers: readonly (number | undefined)[],
  proven: boolean,
): boolean {
  if (devices.has(id) || numbers.some((number) => number !== undefined && nodes.has(number))) return true;
  return (proven || state === 'removing') && unnamed > nodes.size;
}
