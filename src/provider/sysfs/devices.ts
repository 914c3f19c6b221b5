import { basename, dirname, join } from 'node:path';
import type { Device, DeviceState } from '../contract.ts';
import { isDeviceID } from '../device-id.ts';
import { exists, linkName, linkTarget, names, readText } from './files.ts';
import { deviceFolder, typeFolder, type SysfsLayout } from './layout.ts';
import type { Order } from './writer/order.ts';
import { parentNames } from './parents.ts';

/** Where a device stands, before it is read. */
interface Place {
  readonly parent: string;
  readonly onBus: boolean;
}

/**
 * One device as the kernel shows it now.
 * @param order what this agent, or one before it, has told the kernel to do with the device and has had no answer to
 */
export async function readDevice(layout: SysfsLayout, id: string, order?: Order): Promise<Device | undefined> {
  const place = await findDevice(layout, id);
  if (place !== undefined) return readAt(layout, id, place, order);
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
      return place === undefined ? readDevice(layout, id, orders.get(id)) : readAt(layout, id, place, orders.get(id));
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

async function readAt(layout: SysfsLayout, id: string, { parent, onBus }: Place, order: Order | undefined): Promise<Device | undefined> {
  const folder = deviceFolder(layout, parent, id);
  const [typeLink, group, cdev] = await Promise.all([
    linkName(join(folder, 'mdev_type')),
    linkName(join(folder, 'iommu_group')),
    names(join(folder, 'vfio-dev')),
  ]);
  if (typeLink === undefined && !(await exists(folder))) return undefined;
  const state = stateOf(onBus, typeLink !== undefined, order);
  const typeID = typeLink ?? order?.typeID ?? '';
  const deviceAPI = typeLink === undefined ? undefined : await readText(join(typeFolder(layout, parent, typeLink), 'device_api'));
  const groupPath = group === undefined ? undefined : join(layout.vfio, group);
  const cdevPath = cdev[0] === undefined ? undefined : join(layout.vfio, 'devices', cdev[0]);
  const [hasGroup, hasCdev] = await Promise.all([there(groupPath), there(cdevPath)]);
  return {
    id,
    parent,
    typeID,
    state,
    ...(deviceAPI !== undefined && { deviceAPI }),
    ...(group !== undefined && /^\d+$/.test(group) && { group: Number(group) }),
    ...(hasGroup && groupPath !== undefined && { groupPath }),
    ...(hasCdev && cdevPath !== undefined && { cdevPath }),
    ...blocked(order),
  };
}

/**
 * The link to the type is there from the end of the creation to the begin of the removal; the one on the bus comes before the first
 * (drivers/vfio/mdev/mdev_core.c: device_add, then mdev_create_sysfs_files) and goes after it, before the kernel waits for users.
 */
function stateOf(onBus: boolean, hasType: boolean, order: Order | undefined): DeviceState {
  // What was told to remove it and has not come back may be about to: by an agent that is dead it may not have begun yet.
  if (order?.kind === 'remove' && (!hasType || order.overdue)) return 'removing';
  if (order?.kind === 'create') return 'creating';
  if (hasType) return 'live';
  return onBus ? 'creating' : 'removing';
}

/** Since when the kernel has not answered, once that is late. */
function blocked(order: Order | undefined): Pick<Device, 'blockedSince'> {
  return order?.overdue === true ? { blockedSince: order.since } : {};
}

async function there(path: string | undefined): Promise<boolean> {
  return path !== undefined && exists(path);
}

/** Whether the device has a group whose node is not seen from here. While a device goes, its node is gone first. */
export function lacksNode({ state, group, groupPath }: Device): boolean {
  return state === 'live' && group !== undefined && groupPath === undefined;
}
