import { ErrnoError } from '../../lib/errno.ts';
import type { EventTarget } from './event-target.ts';
import { IRQLine } from './irq-line.ts';
import type { IRQData, IRQSet } from './irq-set.ts';
import type { IRQInit } from './model.ts';

interface Interrupt {
  readonly line: IRQLine;
  /** What is signalled. */
  target: EventTarget | undefined;
  /** What unmasks it when somebody else signals it. */
  unmaskBy: EventTarget | undefined;
}

/**
 * The interrupts of one index of an open device, with their event targets. An index is enabled by the first DATA_EVENTFD with
 * ACTION_TRIGGER, even one that takes targets away, and disabled as a whole.
 */
export class IRQIndex {
  readonly #number: number;
  readonly #init: IRQInit;
  readonly #isSingle: boolean;
  readonly #interrupts: readonly Interrupt[];
  /** How many interrupts, from the first on, are set up; 0 while the index is not enabled. */
  #enabled = 0;

  /** @param isSingle its one interrupt tells of the device itself, an error or a request, and has no state but its target (vfio_pci_set_ctx_trigger_single) */
  constructor(number: number, init: IRQInit, isSingle = false) {
    this.#number = number;
    this.#init = init;
    this.#isSingle = isSingle;
    this.#interrupts = Array.from({ length: init.count }, () => ({
      line: new IRQLine(init.automasked),
      target: undefined,
      unmaskBy: undefined,
    }));
  }

  get enabled(): boolean {
    return this.#enabled > 0;
  }

  setLine(subindex: number, high: boolean): void {
    const interrupt = this.#interrupt(subindex);
    if (interrupt.line.setLevel(high)) interrupt.target?.signal();
  }

  trigger(subindex: number): void {
    const interrupt = this.#interrupt(subindex);
    if (interrupt.line.edge()) interrupt.target?.signal();
  }

  reset(): void {
    for (const { line } of this.#interrupts) line.reset();
  }

  /**
   * Whether `apply` can do it.
   * @throws ErrnoError ENOTTY the index has no mask, or takes no targets for this; EINVAL the index is not enabled, or not as far, and
   * this neither enables nor grows it
   */
  refuse({ start, count, action, data }: IRQSet<EventTarget>): void {
    const { eventfd, maskable, noResize } = this.#init;
    if (action !== 'trigger' && !maskable) throw new ErrnoError('ENOTTY', `interrupt index ${this.#number} cannot be masked`);
    if (data.kind === 'eventfd') {
      const deaf = action === 'unmask' && data.targets.some((target) => target !== undefined && target.watch === undefined);
      if (!eventfd || action === 'mask' || deaf)
        throw new ErrnoError('ENOTTY', `interrupt index ${this.#number} takes no event to ${action} by`);
      if (action === 'trigger' && (!this.enabled || this.#isSingle)) return;
    }
    if (this.#isSingle) {
      if (data.kind === 'none' && this.#interrupts[0]?.target === undefined)
        throw new ErrnoError('EINVAL', `interrupt index ${this.#number} has nobody to tell`);
      return;
    }
    if (!this.enabled) throw new ErrnoError('EINVAL', `interrupt index ${this.#number} is not enabled`);
    if (noResize && start + count > this.#enabled)
      throw new ErrnoError(
        'EINVAL',
        `interrupt index ${this.#number} is enabled with ${this.#enabled} interrupts; disable it to have more`,
      );
  }

  /** Does what `refuse` has let pass. The targets are the index's from here on. */
  apply({ start, count, action, data }: IRQSet<EventTarget>): void {
    if (action === 'trigger' && data.kind === 'none' && count === 0) {
      this.disable();
      return;
    }
    if (action === 'trigger' && data.kind === 'eventfd') this.#enabled = Math.max(this.#enabled, start + count);
    for (const [place, interrupt] of this.#interrupts.slice(start, start + count).entries()) {
      if (data.kind === 'eventfd') this.#assign(interrupt, action, data.targets[place]);
      else if (isChosen(data, place)) act(interrupt, action);
    }
  }

  /** Nobody is told any more, and nothing of the mask is left. */
  disable(): void {
    this.#enabled = 0;
    for (const interrupt of this.#interrupts) {
      const { target, unmaskBy, line } = interrupt;
      line.disable();
      interrupt.target = undefined;
      interrupt.unmaskBy = undefined;
      target?.close();
      unmaskBy?.close();
    }
  }

  #assign(interrupt: Interrupt, action: 'mask' | 'unmask' | 'trigger', target: EventTarget | undefined): void {
    const { line } = interrupt;
    if (action === 'trigger') {
      const before = interrupt.target;
      interrupt.target = target;
      before?.close();
      if (target === undefined) line.ignore();
      else if (line.listen()) target.signal();
      return;
    }
    const before = interrupt.unmaskBy;
    interrupt.unmaskBy = target;
    before?.close();
    target?.watch?.(() => {
      // One that has been replaced may have been signalled just before.
      if (interrupt.unmaskBy === target && line.unmask()) interrupt.target?.signal();
    });
  }

  #interrupt(subindex: number): Interrupt {
    const interrupt = this.#interrupts[subindex];
    if (interrupt === undefined) throw new ErrnoError('EINVAL', `interrupt index ${this.#number} has no interrupt ${subindex}`);
    return interrupt;
  }
}

function isChosen(data: Exclude<IRQData<EventTarget>, { kind: 'eventfd' }>, place: number): boolean {
  return data.kind === 'none' || data.chosen[place] !== 0;
}

function act({ line, target }: Interrupt, action: 'mask' | 'unmask' | 'trigger'): void {
  if (action === 'mask') line.mask();
  else if (action === 'unmask') {
    if (line.unmask()) target?.signal();
  } else target?.signal(); // Loopback testing: past the mask, as vfio-pci does it.
}
