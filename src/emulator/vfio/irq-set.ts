import { ErrnoError } from '../../lib/errno.ts';
import { argumentSize, refuseMissing } from './argument.ts';
import type { IRQInit } from './model.ts';
import { irqSetFlags, sizes, view } from './uapi.ts';

const dataFlags = irqSetFlags.dataNone | irqSetFlags.dataBool | irqSetFlags.dataEventfd;
const actionFlags = irqSetFlags.mask | irqSetFlags.unmask | irqSetFlags.trigger;

/** A struct vfio_irq_set that was found sound: what is to be done with interrupts `start` to `start + count - 1` of an index. */
export interface IRQSet<Target> {
  readonly index: number;
  readonly start: number;
  /** 0 only with `trigger` and `none`: the whole index is to be disabled. */
  readonly count: number;
  readonly action: 'mask' | 'unmask' | 'trigger';
  readonly data: IRQData<Target>;
}

/** `none`: all of them. `bool`: those whose byte is not 0. `eventfd`: each by its target; undefined: by none any more. */
export type IRQData<Target> =
  | { readonly kind: 'none' }
  | { readonly kind: 'bool'; readonly chosen: Uint8Array }
  | { readonly kind: 'eventfd'; readonly targets: readonly (Target | undefined)[] };

/**
 * Reads VFIO_DEVICE_SET_IRQS as vfio_set_irqs_validate_and_prepare (drivers/vfio/vfio_main.c) does. It looks at nothing but the table, so
 * it needs no GET_IRQ_INFO before it.
 * @param targets what DATA_EVENTFD names, in the order of its numbers: one for each that is not -1, which takes a target away.
 * @throws ErrnoError EINVAL: no such index, no such interrupts, not one kind of data and one action, less data than there must be, or
 * another number of targets; EFAULT: see argumentSize
 */
export function readIRQSet<Target>(irqs: readonly IRQInit[], request: Uint8Array, targets: readonly Target[]): IRQSet<Target> {
  const argsz = argumentSize(request, sizes.irqSet, 'vfio_irq_set');
  const fields = view(request);
  const [flags, index, start, count] = [4, 8, 12, 16].map((at) => fields.getUint32(at, true)) as [number, number, number, number];
  const irq = irqs[index];
  if (irq === undefined) throw new ErrnoError('EINVAL', `there is no interrupt index ${index}`);
  // Numbers here do not wrap, as start + count would in 32 bits.
  if (start >= irq.count || start + count > irq.count)
    throw new ErrnoError('EINVAL', `index ${index} has ${irq.count} interrupts, and not ${count} from ${start} on`);
  if ((flags & ~(dataFlags | actionFlags)) !== 0)
    throw new ErrnoError('EINVAL', `vfio_irq_set knows no flags 0x${(flags >>> 0).toString(16)}`);
  const action = actionOf(flags & actionFlags);
  const kind = kindOf(flags & dataFlags);
  if (count === 0 && (kind !== 'none' || action !== 'trigger'))
    throw new ErrnoError('EINVAL', 'no interrupts are named, which only disables an index: by DATA_NONE and ACTION_TRIGGER');
  const room = argsz - sizes.irqSet;
  switch (kind) {
    case 'none':
      refuseTargets(targets);
      return { index, start, count, action, data: { kind } };
    case 'bool':
      refuseTargets(targets);
      if (room < count) throw new ErrnoError('EINVAL', `${count} interrupts need as many bytes of data, and argsz says ${room}`);
      refuseMissing(request, sizes.irqSet + count, 'vfio_irq_set');
      return { index, start, count, action, data: { kind, chosen: request.slice(sizes.irqSet, sizes.irqSet + count) } };
    case 'eventfd': {
      if (room < 4 * count) throw new ErrnoError('EINVAL', `${count} interrupts need ${4 * count} bytes of data, and argsz says ${room}`);
      refuseMissing(request, sizes.irqSet + 4 * count, 'vfio_irq_set');
      const numbers = request.subarray(sizes.irqSet, sizes.irqSet + 4 * count);
      return { index, start, count, action, data: { kind, targets: assign(targets, count, numbers) } };
    }
  }
}

function actionOf(flag: number): IRQSet<never>['action'] {
  if (flag === irqSetFlags.mask) return 'mask';
  if (flag === irqSetFlags.unmask) return 'unmask';
  if (flag === irqSetFlags.trigger) return 'trigger';
  throw new ErrnoError('EINVAL', 'vfio_irq_set needs exactly one action');
}

function kindOf(flag: number): IRQData<never>['kind'] {
  if (flag === irqSetFlags.dataNone) return 'none';
  if (flag === irqSetFlags.dataBool) return 'bool';
  if (flag === irqSetFlags.dataEventfd) return 'eventfd';
  throw new ErrnoError('EINVAL', 'vfio_irq_set needs exactly one kind of data');
}

function refuseTargets(targets: readonly unknown[]): void {
  if (targets.length > 0) throw new ErrnoError('EINVAL', `${targets.length} events came with a request that speaks of none`);
}

/** Which target each of `count` interrupts gets. `numbers`: the request's own, 32 bits each; what they are, but for -1, only their sender knows. */
function assign<Target>(targets: readonly Target[], count: number, numbers: Uint8Array): readonly (Target | undefined)[] {
  const fields = view(numbers);
  const named = Array.from({ length: Math.floor(numbers.length / 4) }, (_, place) => fields.getInt32(4 * place, true) >= 0);
  if (named.length !== count || named.filter(Boolean).length !== targets.length)
    throw new ErrnoError('EINVAL', `${targets.length} events were given, and ${named.filter(Boolean).length} named`);
  const given = targets.values();
  return named.map((wanted) => (wanted ? given.next().value : undefined));
}
