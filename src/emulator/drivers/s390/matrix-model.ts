import { ErrnoError } from '../../../lib/errno.ts';
import type { DeviceModel, DeviceUser } from '../../vfio/model.ts';

/** VFIO_AP_REQ_IRQ_INDEX of linux/vfio.h. */
const requestIRQ = 0;

/**
 * The crypto matrix as vfio_ap shows it: no region, as its queues are the processor's; a reset, which empties them, and the request
 * interrupt. The emulated queues are always empty, so that a reset has nothing to do.
 */
export function matrixModel(): DeviceModel {
  let user: DeviceUser | undefined;
  return {
    api: 'vfio-ap',
    regions: [],
    irqs: [{ count: 1, eventfd: true, maskable: false, automasked: false, noResize: true }],
    open(opener) {
      user = opener;
    },
    close() {
      user = undefined;
    },
    read: refuse,
    write: refuse,
    reset: () => undefined,
    request() {
      user?.trigger(requestIRQ, 0);
    },
    dispose: () => undefined,
  };
}

function refuse(region: number): never {
  throw new ErrnoError('EINVAL', `the device has no region ${region}`);
}
