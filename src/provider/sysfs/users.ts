import { ProviderError, type Device, type DeviceUse, type Users } from '../contract.ts';
import { deviceNumber } from './files.ts';
import type { SysfsLayout } from './layout.ts';
import { scanHolders, type Holder, type Scan } from './proc/holders.ts';
import { describeProcess, lockedMemory } from './proc/process.ts';

/**
 * Who has a device open, as far as /proc tells.
 * @throws ProviderError EACCES when nobody is found and there may be processes that cannot be looked at
 */
export async function usersOf(layout: SysfsLayout, device: Device): Promise<Users> {
  const scan = await scanHolders(layout);
  const users = await usersIn(layout, device, scan);
  if (users.known.length === 0 && scan.blind !== undefined)
    throw new ProviderError('EACCES', 'users', `Cannot tell who uses ${device.id}: ${scan.blind}`);
  return users;
}

/** Those of `devices` that are in use. @throws ProviderError EACCES as `usersOf` */
export async function usesOf(layout: SysfsLayout, devices: readonly Device[]): Promise<DeviceUse[]> {
  if (devices.length === 0) return [];
  const scan = await scanHolders(layout);
  const uses = await Promise.all(devices.map(async (device) => ({ id: device.id, ...(await usersIn(layout, device, scan)) })));
  if (scan.blind !== undefined) throw new ProviderError('EACCES', 'users', `Cannot tell who uses the devices: ${scan.blind}`);
  return uses.filter(({ inUse }) => inUse);
}

async function usersIn(layout: SysfsLayout, device: Device, { holders }: Scan): Promise<Users> {
  const paths = [device.groupPath, device.cdevPath].filter((path) => path !== undefined);
  const numbers = await Promise.all(paths.map(deviceNumber));
  const holding = holders.filter((holder) => holds(holder, device, numbers));
  const known = (await Promise.all(holding.map(({ pid }) => describeProcess(layout, pid)))).filter((user) => user !== undefined);
  const [first] = known;
  const pinned = first === undefined ? undefined : await lockedMemory(layout, first.pid);
  return { inUse: known.length > 0, known, ...(pinned !== undefined && { pinned }) };
}

function holds({ nodes, devices, unnamed }: Holder, { id, state }: Device, numbers: readonly (number | undefined)[]): boolean {
  if (devices.has(id) || numbers.some((number) => number !== undefined && nodes.has(number))) return true;
  // The kernel waits for a device file to be closed. Whoever has one and no group of it left has closed the group before the device.
  return state === 'removing' && unnamed > nodes.size;
}
