import { ErrnoError } from '../../lib/errno.ts';
import type { Pinner } from '../iommu/type1.ts';
import type { AddressSpace, OnLimit } from './address-space.ts';
import type { IRQs } from './irqs.ts';
import type { DeviceUser } from './model.ts';

export interface ModelUserInit {
  readonly attributes: Readonly<Record<string, string>>;
  readonly irqs: IRQs;
  readonly space: AddressSpace;
  readonly pinner: Pinner;
  readonly run: (work: () => Promise<void>) => void;
  readonly onPins?: (() => void) | undefined;
  readonly onLimit?: OnLimit | undefined;
}

/**
 * What a device model may do to its user, for as long as the device is open. After that every call answers ENODEV, those that are under
 * way too: a model that comes late reaches neither this user nor the next.
 */
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
    this.#refuseClosed();
    this.#init.irqs.setLine(index, subindex, high);
  }

  trigger(index: number, subindex: number): void {
    this.#refuseClosed();
    this.#init.irqs.trigger(index, subindex);
  }

  pinPages(pfns: Float64Array, count: number, writable: boolean, hostPfns: Float64Array): void {
    this.#refuseClosed();
    const { space, pinner, onLimit, onPins } = this.#init;
    space.pin(pinner, onLimit, pfns, count, writable, hostPfns);
    onPins?.();
  }

  unpinPages(pfns: Float64Array, count: number): number {
    this.#refuseClosed();
    const unpinned = this.#init.pinner.unpin(pfns, count);
    this.#init.onPins?.();
    return unpinned;
  }

  async readMemory(iova: bigint, into: Uint8Array): Promise<void> {
    this.#refuseClosed();
    await this.#init.space.dma.read(iova, into);
    this.#refuseClosed();
  }

  async writeMemory(iova: bigint, from: Uint8Array): Promise<void> {
    this.#refuseClosed();
    await this.#init.space.dma.write(iova, from);
    this.#refuseClosed();
  }

  run(work: () => Promise<void>): void {
    this.#refuseClosed();
    this.#init.run(work);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new ErrnoError('ENODEV', 'the device was closed');
  }
}
