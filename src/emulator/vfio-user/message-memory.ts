import type { Memory } from '../vfio/dma.ts';
import { ErrnoError } from '../../lib/errno.ts';

/** Asks the peer for what is in its memory, or to change it; addresses are IOVAs. */
export interface RemoteMemory {
  /** At most `maxTransfer` bytes at once. Errors: EIO, EFAULT the peer refuses; ENODEV it is gone. */
  read(iova: bigint, into: Uint8Array): Promise<void>;
  write(iova: bigint, from: Uint8Array): Promise<void>;
  readonly maxTransfer: number;
}

/** Memory that the peer does not share: it is asked by messages for what is there. */
export class MessageMemory implements Memory {
  readonly #remote: RemoteMemory;
  readonly #iova: bigint;
  readonly #firstPfn: number;
  #released = false;

  constructor(remote: RemoteMemory, iova: bigint, firstPfn: number) {
    this.#remote = remote;
    this.#iova = iova;
    this.#firstPfn = firstPfn;
  }

  pin(page: number, count: number, _writable: boolean, pfns: Float64Array, at: number): number {
    const first = this.pfn(page);
    for (let index = 0; index < count; index++) pfns[at + index] = first + index;
    return count;
  }

  pfn(page: number): number {
    return this.#firstPfn + page;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#move(offset, into, (iova, part) => this.#remote.read(iova, part));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.#move(offset, from, (iova, part) => this.#remote.write(iova, part));
  }

  release(): void {
    this.#released = true;
  }

  async #move(offset: number, buffer: Uint8Array, move: (iova: bigint, part: Uint8Array) => Promise<void>): Promise<void> {
    const { maxTransfer } = this.#remote;
    for (let done = 0; done < buffer.length; done += maxTransfer) {
      if (this.#released) throw new ErrnoError('EFAULT', 'the memory was unmapped');
      await move(this.#iova + BigInt(offset + done), buffer.subarray(done, done + maxTransfer));
    }
  }
}
