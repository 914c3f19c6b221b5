import { ErrnoError } from '../../lib/errno.ts';
import type { IRQSet } from './irq-set.ts';
import type { IRQInit } from './model.ts';

/** Something that counts signals, as an eventfd. */
export interface EventTarget {
  /** Adds one. Never waits. */
  signal(): void;
  /** Calls `listener` whenever somebody else signals it, until it is closed. */
  watch(listener: () => void): void;
  close(): void;
}

/** One interrupt. */
interface Interrupt {
  target: EventTarget | undefined;
  /** What unmasks it when it is signalled. */
  unmaskBy: EventTarget | undefined;
  masked: boolean;
  /** The level of its line. */
  high: boolean;
  /** An edge came while it was masked. */
  pending: boolean;
}

/**
 * The interrupts of one open device: who is told of each, and what keeps it from being told (drivers/vfio/pci/vfio_pci_intrs.c).
 *
 * A line that rises signals, unless it is masked. An automasked interrupt masks itself as it signals, and when it is unmasked while its
 * line is still high, it signals again: so a user that handles an interrupt and unmasks it misses none.
 */
export class IRQs implements Disposable {
  readonly #inits: readonly IRQInit[];
  readonly #interrupts: readonly (readonly Interrupt[])[];

  constructor(inits: readonly IRQInit[]) {
    this.#inits = inits;
    this.#interrupts = inits.map(({ count }) =>
      Array.from({ length: count }, () => ({ target: undefined, unmaskBy: undefined, masked: false, high: false, pending: false })),
    );
  }

  /** See DeviceUser.setLine. */
  setLine(index: number, subindex: number, high: boolean): void {
    const interrupt = this.#interrupts[index]?.[subindex];
    if (interrupt === undefined || interrupt.high === high) return;
    interrupt.high = high;
    this.#tell(index, interrupt);
  }

  /** See DeviceUser.trigger. */
  trigger(index: number, subindex: number): void {
    const interrupt = this.#interrupts[index]?.[subindex];
    if (interrupt === undefined) return;
    interrupt.pending = true;
    this.#tell(index, interrupt);
  }

  /** All lines go low, as at a reset; who is told stays. */
  lower(): void {
    for (const interrupt of this.#interrupts.flat()) {
      interrupt.high = false;
      interrupt.pending = false;
    }
  }

  /**
   * Does what VFIO_DEVICE_SET_IRQS says. `targets` are taken over: those not used are closed.
   * @throws ErrnoError EINVAL as many targets as interrupts, or none, must be given; nobody is told of an interrupt that is to be
   * triggered by hand. ENOTTY the index cannot be masked, or takes no event targets
   */
  set(request: IRQSet, targets: readonly EventTarget[]): void {
    const unused = new Set(targets);
    try {
      this.#set(request, targets, unused);
    } finally {
      for (const target of unused) target.close();
    }
  }

  [Symbol.dispose](): void {
    for (const interrupt of this.#interrupts.flat()) disarm(interrupt);
  }

  #set({ index, start, count, action, data }: IRQSet, targets: readonly EventTarget[], unused: Set<EventTarget>): void {
    const init = this.#inits[index];
    if (init === undefined) return;
    if (action !== 'trigger' && !init.maskable) throw new ErrnoError('ENOTTY', `interrupt index ${index} cannot be masked`);
    const interrupts = (this.#interrupts[index] ?? []).slice(start, start + count);
    if (data.kind === 'eventfd') {
      if (!init.eventfd || action === 'mask') throw new ErrnoError('ENOTTY', `interrupt index ${index} takes no event to ${action} it by`);
      this.#setTargets(index, action, interrupts, named(data.bytes, targets, count), unused);
      return;
    }
    if (targets.length > 0) throw new ErrnoError('EINVAL', `${targets.length} events were given, and nothing is said about them`);
    if (action === 'trigger' && data.kind === 'none' && count === 0) {
      for (const interrupt of this.#interrupts[index] ?? []) disarm(interrupt);
      return;
    }
    const chosen = interrupts.filter((_, place) => data.kind === 'none' || data.bytes[place] !== 0);
    if (interrupts.some(({ target }) => target === undefined)) throw new ErrnoError('EINVAL', `interrupt index ${index} is not set up`);
    for (const interrupt of chosen) {
      if (action === 'trigger') interrupt.target?.signal();
      else if (action === 'mask') interrupt.masked = true;
      else this.#unmask(index, interrupt);
    }
  }

  #setTargets(
    index: number,
    action: 'trigger' | 'unmask',
    interrupts: readonly Interrupt[],
    targets: readonly (EventTarget | undefined)[],
    unused: Set<EventTarget>,
  ): void {
    for (const [place, interrupt] of interrupts.entries()) {
      const target = targets[place];
      if (target !== undefined) unused.delete(target);
      if (action === 'unmask') {
        interrupt.unmaskBy?.close();
        interrupt.unmaskBy = target;
        target?.watch(() => this.#unmask(index, interrupt));
      } else if (target === undefined) disarm(interrupt);
      else {
        interrupt.target?.close();
        interrupt.target = target;
        this.#tell(index, interrupt);
      }
    }
  }

  #unmask(index: number, interrupt: Interrupt): void {
    interrupt.masked = false;
    this.#tell(index, interrupt);
  }

  /** Signals, if there is something to tell and somebody to be told. */
  #tell(index: number, interrupt: Interrupt): void {
    const { target, masked, high, pending } = interrupt;
    if (target === undefined || masked || !(high || pending)) return;
    interrupt.pending = false;
    if (this.#inits[index]?.automasked === true) interrupt.masked = true;
    target.signal();
  }
}

/** Whom each interrupt is given: by number where the request has numbers (-1: nobody), else as they came beside it. @throws ErrnoError EINVAL */
function named(numbers: Uint8Array, targets: readonly EventTarget[], count: number): readonly (EventTarget | undefined)[] {
  if (numbers.length === 0) {
    if (targets.length !== 0 && targets.length !== count)
      throw new ErrnoError('EINVAL', `${count} interrupts need ${count} events or none, not ${targets.length}`);
    return targets;
  }
  const fields = new DataView(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const entries = Array.from({ length: count }, (_, place) => fields.getInt32(4 * place, true));
  const wanted = entries.filter((number) => number >= 0).length;
  // The numbers are the sender's own: those that came are meant in their order.
  if (targets.length !== wanted) throw new ErrnoError('EINVAL', `${wanted} events are named, and ${targets.length} were given`);
  const given = targets.values();
  return entries.map((number) => (number < 0 ? undefined : given.next().value));
}

/** Nobody is told any more, and nothing of earlier users is left. */
function disarm(interrupt: Interrupt): void {
  interrupt.target?.close();
  interrupt.unmaskBy?.close();
  interrupt.target = undefined;
  interrupt.unmaskBy = undefined;
  interrupt.masked = false;
}
