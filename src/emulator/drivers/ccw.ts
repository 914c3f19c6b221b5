/** An s390 I/O subchannel under vfio_ccw: it carries one device. */
import { ErrnoError } from '../../lib/errno.ts';
import type { ParentOps, RemoveWhileOpen } from '../mdev/driver.ts';
import { DeviceTable } from './device-table.ts';

export interface CcwConfig {
  readonly removeWhileOpen: RemoveWhileOpen;
}

export function ccwDriver(config: CcwConfig): ParentOps {
  const devices = new DeviceTable<true>();
  return {
    types: [{ id: 'vfio_ccw-io', name: 'I/O subchannel (Non-QDIO)', deviceAPI: 'vfio-ccw', maxInstances: 1 }],
    sharing: 'Slots',
    takesParams: false,
    removeWhileOpen: config.removeWhileOpen,
    available: () => (devices.size === 0 ? { count: 1 } : { count: 0, reason: 'a subchannel carries one device, and it exists' }),
    create: async (mdev) => {
      // Kernels answer EUSERS when the count of a type is used up.
      if (devices.size > 0) throw new ErrnoError('EUSERS', 'a subchannel carries one device, and it exists');
      devices.add(mdev, true);
    },
    remove: async (mdev) => {
      devices.take(mdev);
    },
  };
}
