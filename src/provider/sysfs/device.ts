import { join } from 'node:path';
import type { Device, DeviceState } from '../contract.ts';
import { exists, linkName, names, readText } from './files.ts';
import { deviceFolder, typeFolder, type SysfsLayout } from './layout.ts';
import type { Order } from './writer/order.ts';

/** Where a device stands, before it is read. */
export interface Place {
  readonly parent: string;
  readonly onBus: boolean;
}

/** What the files of a device tell of it. */
export interface DeviceFiles {
  readonly typeLink?: string | undefined;
  readonly deviceAPI?: string | undefined;
  readonly group?: string | undefined;
  /** Not every group and cdev has a node, though the kernel names it. */
  readonly groupPath?: string | undefined;
  readonly cdevPath?: string | undefined;
}

/** One device that is, or was, at that place. `order`: what the kernel was told to do with it and has not answered. */
export async function readDeviceAt(layout: SysfsLayout, id: string, place: Place, order?: Order): Promise<Device | undefined> {
  const { parent } = place;
  const folder = deviceFolder(layout, parent, id);
  const cdevs = join(layout.vfio, 'devices');
  const [typeLink, group, hasCdevs] = await Promise.all([
    linkName(join(folder, 'mdev_type')),
    linkName(join(folder, 'iommu_group')),
    exists(cdevs),
  ]);
  if (typeLink === undefined && !(await exists(folder))) return undefined;
  const deviceAPI = typeLink === undefined ? undefined : await readText(join(typeFolder(layout, parent, typeLink), 'device_api'));
  const cdev = hasCdevs ? (await names(join(folder, 'vfio-dev')))[0] : undefined;
  const nodes = [group && join(layout.vfio, group), cdev && join(cdevs, cdev)];
  const [groupPath, cdevPath] = await Promise.all(nodes.map(async (path) => (path && (await exists(path)) ? path : undefined)));
  return deviceOf(id, place, { typeLink, deviceAPI, group, groupPath, cdevPath }, order);
}

/** The device that such files tell of. */
export function deviceOf(id: string, { parent, onBus }: Place, files: DeviceFiles, order?: Order): Device {
  const { typeLink, deviceAPI, group, groupPath, cdevPath } = files;
  return {
    id,
    parent,
    typeID: typeLink ?? order?.typeID ?? '',
    state: stateOf(onBus, typeLink !== undefined, order),
    ...(deviceAPI !== undefined && { deviceAPI }),
    ...(group !== undefined && /^\d+$/.test(group) && { group: Number(group) }),
    ...(groupPath !== undefined && { groupPath }),
    ...(cdevPath !== undefined && { cdevPath }),
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
export function blocked(order: Order | undefined): Pick<Device, 'blockedSince'> {
  return order?.overdue === true ? { blockedSince: order.since } : {};
}
