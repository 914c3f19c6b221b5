import { ErrnoError } from '../../lib/errno.ts';
import type { EventTarget } from './event-target.ts';
import { closeAll } from './event-target.ts';
import { IRQIndex } from './irq-index.ts';
import { readIRQSet } from './irq-set.ts';
import type { DeviceModel, IRQInit } from './model.ts';

/** INTx, MSI and MSI-X of a PCI device: one of them at a time. The indexes after them have one interrupt each, about the device itself. */
const pciExclusive = 3;

/**
 * The interrupts of one open device: who is told of each, and what keeps it from being told. The lines are low at first; a model whose
 * line is high when it is opened says so.
 */
export class IRQs {
  readonly #table: readonly IRQInit[];
  readonly #indexes: readonly IRQIndex[];
  /** So many of the first indexes exclude each other. */
  readonly #exclusive: number;

  constructor({ api, irqs }: Pick<DeviceModel, 'api' | 'irqs'>) {
    this.#table = irqs;
    this.#indexes = irqs.map((init, number) => new IRQIndex(number, init, api === 'vfio-pci' && number >= pciExclusive));
    this.#exclusive = api === 'vfio-pci' ? pciExclusive : 0;
  }

  /** See DeviceUser.setLine. @throws ErrnoError EINVAL no such interrupt */
  setLine(index: number, subindex: number, high: boolean): void {
    this.#index(index).setLine(subindex, high);
  }

  /** See DeviceUser.trigger. @throws ErrnoError EINVAL no such interrupt */
  trigger(index: number, subindex: number): void {
    this.#index(index).trigger(subindex);
  }

  /** All lines go low; who is told, and masks, stay. */
  reset(): void {
    for (const index of this.#indexes) index.reset();
  }

  /**
   * VFIO_DEVICE_SET_IRQS. All of it is checked before any of it is done; the targets are closed when it is refused.
   * @throws ErrnoError as readIRQSet and IRQIndex.refuse; EINVAL also for a second of INTx, MSI and MSI-X
   */
  set(request: Uint8Array, targets: readonly EventTarget[]): void {
    this.#checked(request, targets)();
  }

  /** Disables all indexes. */
  close(): void {
    for (const index of this.#indexes) index.disable();
  }

  /** What the request wants done. */
  #checked(request: Uint8Array, targets: readonly EventTarget[]): () => void {
    try {
      const set = readIRQSet(this.#table, request, targets);
      const index = this.#index(set.index);
      index.refuse(set);
      if (set.data.kind === 'eventfd') this.#refuseSecond(set.index);
      return () => {
        index.apply(set);
      };
    } catch (error) {
      closeAll(targets);
      throw error;
    }
  }

  #refuseSecond(wanted: number): void {
    if (wanted >= this.#exclusive) return;
    const other = this.#indexes.findIndex(({ enabled }, number) => enabled && number !== wanted && number < this.#exclusive);
    if (other >= 0) throw new ErrnoError('EINVAL', `interrupt index ${other} is enabled, and has to be disabled before ${wanted} can be`);
  }

  #index(number: number): IRQIndex {
    const index = this.#indexes[number];
    if (index === undefined) throw new ErrnoError('EINVAL', `there is no interrupt index ${number}`);
    return index;
  }
}
