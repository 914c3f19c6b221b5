import { join } from 'node:path';

/** Where the kernel shows mediated devices and takes orders about them: every path below one root, `/` on a real node. */
export interface SysfsLayout {
  /** /sys, and the bus of mediated devices in it, which is there when the kernel knows them. */
  readonly sys: string;
  readonly bus: string;
  /** A link a parent: /sys/class/mdev_bus. Absent until the first parent registers. */
  readonly parents: string;
  /** A link a device that is on the bus: /sys/bus/mdev/devices. */
  readonly devices: string;
  /** Group nodes, and character devices in its folder `devices`: /dev/vfio. */
  readonly vfio: string;
  readonly proc: string;
}

export function sysfsLayout(root: string): SysfsLayout {
  return {
    sys: join(root, 'sys'),
    bus: join(root, 'sys/bus/mdev'),
    parents: join(root, 'sys/class/mdev_bus'),
    devices: join(root, 'sys/bus/mdev/devices'),
    vfio: join(root, 'dev/vfio'),
    proc: join(root, 'proc'),
  };
}

/** The folder of a type of a parent. */
export function typeFolder({ parents }: SysfsLayout, parent: string, typeID: string): string {
  return join(parents, parent, 'mdev_supported_types', typeID);
}

/** A device's own folder, there until the kernel is done with it; the link on the bus goes before. */
export function deviceFolder({ parents }: SysfsLayout, parent: string, id: string): string {
  return join(parents, parent, id);
}

/** Whether a name is a single entry of a folder, and stays below it. */
export function isEntryName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0') && Buffer.byteLength(name) <= 255;
}
