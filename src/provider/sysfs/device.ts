import { join } from 'node:path';
import type { Device, DeviceState } from '../contract.ts';
import type { Files } from './files.ts';
import { deviceFolder, typeFolder, type SysfsLayout } from './layout.ts';
import type { Order } from './writer/order.ts';

/** Where a device stands, before it is read. */
export interface Place {
  readonly parent: string;
  readonly onBus: boolean;
}

/** One device that is, or was, at that place. `order`: what the kernel was told to do with it and has not answered. */
export async function readDeviceAt(
  { linkName, names, readText, exists }: Files,
  layout: SysfsLayout,
  id: string,
  { parent, onBus }: Place,
  order?: Order,
): Promise<Device | undefined> {
  const folder = deviceFolder(layout, parent, id);
  const cdevs = join(layout.vfio, 'devices');
  const [typeLink, group, hasCdevs] = await Promise.all([
    linkName(join(folder, 'mdev_type')),
    linkName(join(folder, 'iommu_group')),
    exists(cdevs),
  ]);
  if (typeLink === undefined && !(await exists(folder))) return undefined;
  const state = stateOf(onBus, typeLink !== undefined, order);
  const typeID = typeLink ?? order?.typeID ?? '';
  const deviceAPI = typeLink === undefined ? undefined : await readText(join(typeFolder(layout, parent, typeLink), 'device_api'));
  const groupPath = group === undefined ? undefined : join(layout.vfio, group);
  // Not every kernel has nodes for them, though it names them.
  const cdev = hasCdevs ? (await names(join(folder, 'vfio-dev')))[0] : undefined;
  const cdevPath = cdev === undefined ? undefined : join(cdevs, cdev);
  const [hasGroup, hasCdev] = await Promise.all([groupPath, cdevPath].map(async (path) => path !== undefined && exists(path)));
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
export function blocked(order: Order | undefined): Pick<Device, 'blockedSince'> {
  return order?.overdue === true ? { blockedSince: order.since } : {};
}
