/** A slot parent: the kernel's sample serial card, whose types take one port or two. */
import { ErrnoError } from '../../lib/errno.ts';
import type { ParentOps, RemoveWhileOpen } from '../mdev/driver.ts';
import { DeviceTable } from './device-table.ts';

export interface MttyConfig {
  readonly ports: number;
  readonly removeWhileOpen: RemoveWhileOpen;
}

/** Type id to the ports it takes. */
const portsOf = new Map([
  ['mtty-1', 1],
  ['mtty-2', 2],
]);

export function mttyDriver(config: MttyConfig): ParentOps {
  const devices = new DeviceTable<number>();
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
      devices.add(mdev, ports);
    },
    remove: async (mdev) => {
      free += devices.take(mdev);
    },
    deviceAttributes: ({ uuid }) => [{ name: 'vendor/sample_mdev_dev', read: () => `This is MDEV ${uuid}` }],
  };
}
