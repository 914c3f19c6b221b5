/** A slot parent: the kernel's sample serial card, whose types take one port or two. */
import { ErrnoError } from '../../lib/errno.ts';
import type { Attribute, ParentOps, RemoveWhileOpen } from '../mdev/driver.ts';
import { DeviceTable } from './device-table.ts';
import type { PortBackend } from './serial/backend.ts';
import { backendAttribute, defaultBackend, isPortBackend, portBackends } from './serial/backend.ts';
import { line } from './text.ts';

export interface MttyConfig {
  readonly ports: number;
  readonly removeWhileOpen: RemoveWhileOpen;
}

interface MttyDevice {
  /** What each of its ports is connected to. */
  readonly backends: PortBackend[];
  open: boolean;
}

/** Type id to the ports it takes. */
const portsOf = new Map([
  ['mtty-1', 1],
  ['mtty-2', 2],
]);

export function mttyDriver(config: MttyConfig): ParentOps {
  const devices = new DeviceTable<MttyDevice>();
  let free = config.ports;

  return {
    types: [
      { id: 'mtty-1', name: 'Single port serial', deviceAPI: 'vfio-pci', maxInstances: config.ports },
      { id: 'mtty-2', name: 'Dual port serial', deviceAPI: 'vfio-pci', maxInstances: Math.floor(config.ports / 2) },
    ],
    sharing: 'Slots',
    takesParams: false,
    removeWhileOpen: config.removeWhileOpen,
    attributes: [{ name: 'mtty_dev/sample_mtty_dev', read: () => 'This is phy device' }],
    available: (typeID) => {
      const ports = portsOf.get(typeID);
      if (ports === undefined) return { count: 0, reason: `the parent has no type ${typeID}` };
      const count = Math.floor(free / ports);
      return count > 0 ? { count } : { count, reason: `no free ports: ${free} of ${config.ports} left, ${ports} needed` };
    },
    create: async (mdev) => {
      const { typeID } = mdev;
      const ports = portsOf.get(typeID);
      if (ports === undefined) throw new ErrnoError('EINVAL', `the parent has no type ${typeID}`);
      if (ports > free) throw new ErrnoError('ENOSPC', `${typeID} needs ${ports} ports, and ${free} of ${config.ports} are left`);
      free -= ports;
      devices.add(mdev, { backends: Array.from({ length: ports }, () => defaultBackend), open: false });
    },
    remove: async (mdev) => {
      free += devices.take(mdev).backends.length;
    },
    open: async (mdev) => {
      devices.get(mdev).open = true;
    },
    release: async (mdev) => {
      devices.get(mdev).open = false;
    },
    deviceAttributes: (mdev) => {
      const device = devices.get(mdev);
      return [
        { name: 'vendor/sample_mdev_dev', read: () => `This is MDEV ${mdev.uuid}` },
        ...device.backends.map((_, port) => backendOf(device, port)),
      ];
    },
  };
}

/** What a port is connected to; it shows at the next open. */
function backendOf(device: MttyDevice, port: number): Attribute {
  const name = backendAttribute(port);
  return {
    name,
    read: () => device.backends[port] ?? defaultBackend,
    write: (text) => {
      const backend = line(text);
      if (!isPortBackend(backend)) throw new ErrnoError('EINVAL', `${name} takes ${portBackends.join(' or ')}`);
      if (device.open) throw new ErrnoError('EBUSY', `${name}: the ports of an open device stay connected as they are`);
      device.backends[port] = backend;
    },
  };
}
