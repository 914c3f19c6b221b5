import { ErrnoError } from '../../lib/errno.ts';
import type { Pinner, Type1 } from '../iommu/type1.ts';
import type { IRQs } from './irqs.ts';
import type { DeviceUser } from './model.ts';

export interface ModelUserInit {
  readonly attributes: Readonly<Record<string, string>>;
  readonly irqs: IRQs;
  readonly dma: Type1;
  readonly pinner: Pinner;
  readonly run: (work: () => Promise<void>) => void;
  /** Called after pins have changed. */
  readonly onPins: (() => void) | undefined;
}

/** What a device model may do to its user, for as long as the device is open; after that every call answers ENODEV, or does nothing. */
export class ModelUser implements DeviceUser {
  readonly attributes: Readonly<Record<string, string>>;
  readonly #init: ModelUserInit;
  #closed = false;

  constructor(init: ModelUserInit) {
    this.attributes = init.attributes;
    this.#init = init;
  }

  close(): void {
    this.#closed = true;
  }

  setLine(index: number, subindex: number, high: boolean): void {
    if (!this.#closed) this.#init.irqs.setLine(index, subindex, high);
  }

  trigger(index: number, subindex: number): void {
    if (!this.#closed) this.#init.irqs.trigger(index, subindex);
  }

  pinPages(pfns: Float64Array, count: number, writable: boolean, hostPfns: Float64Array): void {
    this.#refuseClosed();
    this.#init.pinner.pin(pfns, count, writable, hostPfns);
    this.#init.onPins?.();
  }

  unpinPages(pfns: Float64Array, count: number): number {
    this.#refuseClosed();
    const unpinned = this.#init.pinner.unpin(pfns, count);
    this.#init.onPins?.();
    return unpinned;
  }

  async readMemory(iova: bigint, into: Uint8Array): Promise<void> {
    this.#refuseClosed();
    await this.#init.dma.read(iova, into);
    this.#refuseClosed();
  }

  async writeMemory(iova: bigint, from: Uint8Array): Promise<void> {
    this.#refuseClosed();
    await this.#init.dma.write(iova, from);
    this.#refuseClosed();
  }

  run(work: () => Promise<void>): void {
    if (!this.#closed) this.#init.run(work);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new ErrnoError('ENODEV', 'the device was closed');
  }
}
