import { basename, dirname, join } from 'node:path';
import type { Device } from '../contract.ts';
import { isDeviceID } from '../device-id.ts';
import { blocked, readDeviceAt, type Place } from './device.ts';
import { exists, linkTarget, names } from './files.ts';
import { deviceFolder, type SysfsLayout } from './layout.ts';
import type { Order } from './writer/order.ts';
import { parentNames } from './parents.ts';

/**
 * One device as the kernel shows it now.
 * @param order what this agent, or one before it, has told the kernel to do with the device and has had no answer to
 */
export async function readDevice(layout: SysfsLayout, id: string, order?: Order): Promise<Device | undefined> {
  const place = await findDevice(layout, id);
  if (place !== undefined) return readDeviceAt(layout, id, place, order);
  // The kernel has been told to make it, and shows nothing yet.
  if (order?.kind === 'create') return { id, parent: order.parent, typeID: order.typeID ?? '', state: 'creating', ...blocked(order) };
  return undefined;
}

/** All devices, ordered by id. `orders`: see `readDevice`, by id. */
export async function readDevices(layout: SysfsLayout, orders: ReadonlyMap<string, Order>): Promise<Device[]> {
  const places = await findDevices(layout);
  const ids = new Set([...places.keys(), ...orders.keys()]);
  const devices = await Promise.all(
    [...ids].map(async (id) => {
      const place = places.get(id);
      return place === undefined ? readDevice(layout, id, orders.get(id)) : readDeviceAt(layout, id, place, orders.get(id));
    }),
  );
  return devices.filter((device) => device !== undefined).sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function findDevice(layout: SysfsLayout, id: string): Promise<Place | undefined> {
  const target = await linkTarget(join(layout.devices, id));
  if (target !== undefined) return { parent: basename(dirname(target)), onBus: true };
  const parents = await parentNames(layout);
  const has = await Promise.all(parents.map((parent) => exists(deviceFolder(layout, parent, id))));
  const parent = parents.find((_, index) => has[index]);
  return parent === undefined ? undefined : { parent, onBus: false };
}

async function findDevices(layout: SysfsLayout): Promise<Map<string, Place>> {
  const parents = await parentNames(layout);
  const [onBus, ...below] = await Promise.all([names(layout.devices), ...parents.map((parent) => names(join(layout.parents, parent)))]);
  const places = new Map<string, Place>();
  for (const [index, entries] of below.entries())
    for (const id of entries.filter(isDeviceID)) places.set(id, { parent: parents[index] ?? '', onBus: onBus.includes(id) });
  return places;
}
