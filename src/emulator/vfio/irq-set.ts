import { ErrnoError } from '../../lib/errno.ts';
import type { IRQInit } from './model.ts';
import { argumentSize } from './info.ts';
import { irqSetFlags, sizes, view } from './uapi.ts';

const dataFlags = irqSetFlags.dataNone | irqSetFlags.dataBool | irqSetFlags.dataEventfd;
const actionFlags = irqSetFlags.mask | irqSetFlags.unmask | irqSetFlags.trigger;

/** A struct vfio_irq_set that was found sound. */
export interface IRQSet {
  readonly index: number;
  readonly start: number;
  readonly count: number;
  readonly action: 'mask' | 'unmask' | 'trigger';
  /** Of `bool` one byte an interrupt; of `eventfd` a 32-bit number an interrupt, or nothing where they travel beside the request. */
  readonly data: { readonly kind: 'none' } | { readonly kind: 'bool' | 'eventfd'; readonly bytes: Uint8Array };
}

/**
 * Reads VFIO_DEVICE_SET_IRQS as vfio_set_irqs_validate_and_prepare (drivers/vfio/vfio_main.c) does, and needs no GET_IRQ_INFO before it.
 * @param beside whether file descriptors travel beside the request, as over a socket; their numbers may then be left out
 * @throws ErrnoError EINVAL: no such index, no such interrupts, not one kind of data and one action, or less data than there must be
 */
export function readIRQSet(irqs: readonly IRQInit[], request: Uint8Array, beside: boolean): IRQSet {
  const argsz = argumentSize(request, sizes.irqSet, 'vfio_irq_set');
  const fields = view(request);
  const [flags, index, start, count] = [4, 8, 12, 16].map((at) => fields.getUint32(at, true)) as [number, number, number, number];
  const irq = irqs[index];
  if (irq === undefined) throw new ErrnoError('EINVAL', `there is no interrupt index ${index}`);
  // Numbers here do not wrap, as start + count would in 32 bits.
  if (start >= irq.count || start + count > irq.count)
    throw new ErrnoError('EINVAL', `index ${index} has ${irq.count} interrupts, and not ${count} from ${start} on`);
  if ((flags & ~(dataFlags | actionFlags)) !== 0) throw new ErrnoError('EINVAL', `vfio_irq_set knows no flags 0x${flags.toString(16)}`);
  const action = actionOf(flags & actionFlags);
  const kind = kindOf(flags & dataFlags);
  if (kind === 'none') return { index, start, count, action, data: { kind } };
  if (count === 0) throw new ErrnoError('EINVAL', 'data for no interrupts');
  const length = kind === 'bool' ? count : 4 * count;
  const bytes = request.subarray(sizes.irqSet, sizes.irqSet + length);
  if (kind === 'eventfd' && beside && bytes.length === 0) return { index, start, count, action, data: { kind, bytes } };
  if (argsz - sizes.irqSet < length || bytes.length < length)
    throw new ErrnoError(
      'EINVAL',
      `${count} interrupts need ${length} bytes of data, and there are ${Math.min(argsz - sizes.irqSet, bytes.length)}`,
    );
  return { index, start, count, action, data: { kind, bytes } };
}

function actionOf(flag: number): IRQSet['action'] {
  if (flag === irqSetFlags.mask) return 'mask';
  if (flag === irqSetFlags.unmask) return 'unmask';
  if (flag === irqSetFlags.trigger) return 'trigger';
  throw new ErrnoError('EINVAL', 'vfio_irq_set needs exactly one action');
}

function kindOf(flag: number): IRQSet['data']['kind'] {
  if (flag === irqSetFlags.dataNone) return 'none';
  if (flag === irqSetFlags.dataBool) return 'bool';
  if (flag === irqSetFlags.dataEventfd) return 'eventfd';
  throw new ErrnoError('EINVAL', 'vfio_irq_set needs exactly one kind of data');
}
