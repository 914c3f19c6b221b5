/** VFIO_DEVICE_GET_INFO and GET_IRQ_INFO: what a device has, as its user reads it. The flags of a request have no meaning and go nowhere. */
import { ErrnoError } from '../../lib/errno.ts';
import { argumentSize } from './argument.ts';
import type { DeviceModel, IRQInit } from './model.ts';
import { deviceFlags, irqFlags, sizes, view } from './uapi.ts';

const apiFlags = { 'vfio-pci': deviceFlags.pci, 'vfio-ccw': deviceFlags.ccw, 'vfio-ap': deviceFlags.ap } as const;

/** struct vfio_device_info. @throws ErrnoError EINVAL argsz too small; EFAULT see argumentSize */
export function deviceInfo({ api, regions, irqs, reset }: DeviceModel, request: Uint8Array): Uint8Array {
  argumentSize(request, sizes.deviceInfo, 'vfio_device_info');
  const answer = new Uint8Array(sizes.deviceInfo);
  const fields = view(answer);
  fields.setUint32(0, sizes.deviceInfo, true);
  fields.setUint32(4, apiFlags[api] | (reset === undefined ? 0 : deviceFlags.reset), true);
  fields.setUint32(8, regions.length, true);
  fields.setUint32(12, irqs.length, true);
  return answer;
}

/** struct vfio_irq_info. @throws ErrnoError EINVAL argsz too small, or no such index; EFAULT see argumentSize */
export function irqInfo(irqs: readonly IRQInit[], request: Uint8Array): Uint8Array {
  argumentSize(request, sizes.irqInfo, 'vfio_irq_info');
  const index = view(request).getUint32(8, true);
  const irq = irqs[index];
  if (irq === undefined) throw new ErrnoError('EINVAL', `there is no interrupt index ${index}`);
  const answer = new Uint8Array(sizes.irqInfo);
  const fields = view(answer);
  fields.setUint32(0, sizes.irqInfo, true);
  fields.setUint32(4, flagsOf(irq), true);
  fields.setUint32(8, index, true);
  fields.setUint32(12, irq.count, true);
  return answer;
}

function flagsOf({ eventfd, maskable, automasked, noResize }: IRQInit): number {
  return (
    (eventfd ? irqFlags.eventfd : 0) |
    (maskable ? irqFlags.maskable : 0) |
    (automasked ? irqFlags.automasked : 0) |
    (noResize ? irqFlags.noResize : 0)
  );
}
