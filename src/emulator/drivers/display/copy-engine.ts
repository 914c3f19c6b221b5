import type { Errno } from '../../../lib/errno.ts';
import { ErrnoError } from '../../../lib/errno.ts';
import type { DeviceUser } from '../../vfio/model.ts';
import { inTurns } from '../turns.ts';
import type { Copy, Slice, Surface } from './copy.ts';
import { faultOf, sliceSize, slicesOf } from './copy.ts';
import type { PageRange } from './pages.ts';
import { intersects, pagesOf } from './pages.ts';
import { PinnedSurfaces } from './pinned-surfaces.ts';
import type { VideoMemory } from './video-memory.ts';

/** Surfaces that may stay pinned at a time; a copy beyond that is refused with ENOSPC until they are released. */
export const maxSurfaces = 256;
/** Pages that may be pinned at a time, 4 GiB of them: an unmap or a reset has to unpin them all before it answers. */
export const maxPages = 1 << 20;

export interface CopyEngineInit {
  readonly framebuffer: VideoMemory;
  /** Whether the command register lets the function reach the memory of its user. */
  readonly isBusMaster: () => boolean;
  /** A copy has ended. */
  readonly onEnd: (result: 'done' | 'error') => void;
}

/** A copy under way; the owner of the pins that are made for it. */
interface Job {
  readonly copy: Copy;
  readonly user: DeviceUser;
}

/**
 * Copies in turns between the memory of the device's user and the framebuffer, one copy at a time. The guest pages of both surfaces are
 * pinned before the first byte moves; after a copy that succeeded they stay pinned until `release`, after one that failed they are
 * unpinned at once.
 */
export class CopyEngine {
  readonly #init: CopyEngineInit;
  readonly #pins = new PinnedSurfaces();
  #user: DeviceUser | undefined;
  #job: Job | undefined;
  #state: 'idle' | 'done' | 'error' = 'idle';
  #error: Errno | undefined;
  #copied = 0;

  constructor(init: CopyEngineInit) {
    this.#init = init;
  }

  get state(): 'idle' | 'busy' | 'done' | 'error' {
    return this.#job === undefined ? this.#state : 'busy';
  }

  /** Why the last copy failed; undefined if it did not. */
  get error(): Errno | undefined {
    return this.#error;
  }

  /** Bytes of the current or last copy that have been copied. */
  get copied(): number {
    return this.#copied;
  }

  /** How many guest pages it holds pinned. */
  get pinnedPages(): number {
    return this.#pins.pages;
  }

  connect(user: DeviceUser): void {
    this.#user = user;
  }

  /** The user is gone, and its pins with it. */
  disconnect(): void {
    this.#user = undefined;
    this.#pins.forget();
    this.#clear();
  }

  /** Begins a copy; what it comes to shows in `state`. While another is under way nothing happens. */
  start(copy: Copy): void {
    if (this.#job !== undefined || this.#user === undefined) return;
    this.#clear();
    const fault = faultOf(copy, this.#init.framebuffer.size) ?? this.#holdingFault(copy);
    if (fault !== undefined) {
      this.#end(fault.code);
      return;
    }
    const job: Job = { copy, user: this.#user };
    this.#job = job;
    inTurns(this.#user, {
      work: this.#work(job),
      isCurrent: () => this.#job === job,
      onDone: () => {
        this.#end(undefined);
      },
      onError: (error) => {
        this.#fail(job, error instanceof ErrnoError ? error.code : 'EIO');
        if (!(error instanceof ErrnoError)) throw error;
      },
    });
  }

  /** Lets go of all surfaces. A copy under way ends with EINTR. */
  release(): void {
    if (this.#job !== undefined) this.#end('EINTR');
    else this.#clear();
    if (this.#user !== undefined) this.#pins.unpinAll(this.#user);
  }

  /** Drops a copy under way without a word, and lets go of all surfaces. */
  reset(): void {
    this.#clear();
    if (this.#user !== undefined) this.#pins.unpinAll(this.#user);
  }

  /** See DeviceModel.dmaUnmap. A copy that uses the range ends with EFAULT. */
  dmaUnmap(iova: bigint, size: bigint): void {
    const pages = { first: Number(iova >> 12n), count: Number(size >> 12n) };
    const job = this.#job;
    if (job !== undefined && guestPages(job.copy).some(({ pages: used }) => intersects(used, pages))) this.#fail(job, 'EFAULT');
    if (this.#user !== undefined) this.#pins.unpinWithin(this.#user, pages);
  }

  async *#work(job: Job): AsyncGenerator<void, void> {
    const { copy, user } = job;
    for (const { pages, writable } of guestPages(copy)) {
      this.#refuseSlave();
      // A program that copies between the same surfaces over and over holds them once.
      if (!this.#pins.has(pages, writable)) yield* this.#pins.pin(user, pages, writable, job);
    }
    const buffer = new Uint8Array(Math.min(copy.length, sliceSize));
    for (const slice of slicesOf(copy)) {
      const bytes = buffer.subarray(0, slice.length);
      await this.#read(user, copy.source, slice, bytes);
      if (this.#job !== job) return;
      await this.#write(user, copy.destination, slice, bytes);
      if (this.#job !== job) return;
      this.#copied += slice.length;
      yield;
    }
  }

  async #read(user: DeviceUser, { space, address }: Surface, { offset }: Slice, into: Uint8Array): Promise<void> {
    if (space === 'framebuffer') {
      this.#init.framebuffer.read(Number(address) + offset, into);
      return;
    }
    this.#refuseSlave();
    await user.readMemory(address + BigInt(offset), into);
  }

  async #write(user: DeviceUser, { space, address }: Surface, { offset }: Slice, from: Uint8Array): Promise<void> {
    if (space === 'framebuffer') {
      this.#init.framebuffer.write(Number(address) + offset, from);
      return;
    }
    this.#refuseSlave();
    await user.writeMemory(address + BigInt(offset), from);
  }

  /** @throws ErrnoError EACCES when the function may not reach the memory of its user */
  #refuseSlave(): void {
    if (!this.#init.isBusMaster()) throw new ErrnoError('EACCES', 'bus mastering is off in the command register');
  }

  #holdingFault(copy: Copy): ErrnoError | undefined {
    const surfaces = guestPages(copy).filter(({ pages, writable }) => !this.#pins.has(pages, writable));
    const wanted = surfaces.reduce((sum, { pages }) => sum + pages.count, 0);
    if (this.#pins.ranges + surfaces.length <= maxSurfaces && this.#pins.pages + wanted <= maxPages) return undefined;
    return new ErrnoError('ENOSPC', `${this.#pins.ranges} surfaces of ${this.#pins.pages} pages are pinned; they must be released first`);
  }

  #fail(job: Job, error: Errno): void {
    this.#end(error);
    this.#pins.unpinOwned(job.user, job);
  }

  #end(error: Errno | undefined): void {
    this.#job = undefined;
    this.#error = error;
    this.#state = error === undefined ? 'done' : 'error';
    this.#init.onEnd(this.#state);
  }

  #clear(): void {
    this.#job = undefined;
    this.#state = 'idle';
    this.#error = undefined;
    this.#copied = 0;
  }
}

/** The pages of a copy in guest memory; the destination's are written. */
function guestPages({ source, destination, length }: Copy): { readonly pages: PageRange; readonly writable: boolean }[] {
  const sides = [
    { surface: source, writable: false },
    { surface: destination, writable: true },
  ];
  return sides
    .filter(({ surface }) => surface.space === 'guest')
    .map(({ surface, writable }) => ({ pages: pagesOf(surface.address, length), writable }));
}
