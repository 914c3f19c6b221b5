import { join } from 'node:path';
import type { Parent, ParentType } from '../contract.ts';
import { linkName, names, readText } from './files.ts';
import { isEntryName, typeFolder, type SysfsLayout } from './layout.ts';

/** The names of all registered parents, in order. */
export async function parentNames({ parents }: SysfsLayout): Promise<string[]> {
  return (await names(parents)).sort();
}

/**
 * A parent as its folder in /sys/class/mdev_bus tells; undefined where there is none. How its types limit each other no file says.
 * Of what the emulated kernel can do besides, a kernel's mdev parent has attributes only.
 */
export async function readParent(layout: SysfsLayout, name: string): Promise<Parent | undefined> {
  if (!isEntryName(name)) return undefined;
  const folder = join(layout.parents, name);
  const typeIDs = (await names(join(folder, 'mdev_supported_types'))).sort();
  const [entry, driver, subsystem, vendorID, deviceID, numaNode, ...types] = await Promise.all([
    linkName(folder),
    linkName(join(folder, 'driver')),
    linkName(join(folder, 'subsystem')),
    readText(join(folder, 'vendor')),
    readText(join(folder, 'device')),
    readText(join(folder, 'numa_node')),
    ...typeIDs.map((id) => readType(layout, name, id)),
  ]);
  if (entry === undefined) return undefined;
  // A device without a driver of its own, such as the kernel's samples, is in a class that its module named after itself.
  const owner = driver ?? subsystem;
  return {
    name,
    ...(owner !== undefined && { driver: owner }),
    ...(isHexID(vendorID) && { vendorID: vendorID.toLowerCase() }),
    ...(isHexID(deviceID) && { deviceID: deviceID.toLowerCase() }),
    ...(numaNode !== undefined && /^-?\d+$/.test(numaNode) && { numaNode: Number(numaNode) }),
    sharing: 'Unknown',
    features: ['Attributes'],
    leaving: false,
    types: types.filter((type) => type !== undefined),
  };
}

function isHexID(text: string | undefined): text is string {
  return text !== undefined && /^0x[0-9a-f]{1,8}$/i.test(text);
}

/** Undefined for a type that went while it was read. Files that a driver does not have are done without. */
async function readType(layout: SysfsLayout, parent: string, id: string): Promise<ParentType | undefined> {
  const folder = typeFolder(layout, parent, id);
  const [available, name, description, deviceAPI, instances] = await Promise.all([
    readText(join(folder, 'available_instances')),
    readText(join(folder, 'name')),
    readText(join(folder, 'description')),
    readText(join(folder, 'device_api')),
    names(join(folder, 'devices')),
  ]);
  if ([available, name, description, deviceAPI].every((text) => text === undefined)) return undefined;
  const told = available !== undefined && /^\d+$/.test(available);
  return {
    id,
    name: name === undefined || name === '' ? id : name,
    ...(description !== undefined && description !== '' && { description }),
    ...(deviceAPI !== undefined && deviceAPI !== '' && { deviceAPI }),
    availableInstances: told ? Number(available) : 0,
    instances: instances.length,
    attributes: [],
    ...(!told && { reason: 'the driver does not say how many more can be made' }),
  };
}
