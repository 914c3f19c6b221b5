import { readSync, writeSync } from 'node:fs';
import { ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import type { Memory } from '../vfio/dma.ts';
import type { EventLoop } from '../../lib/libc/event-loop.ts';
import { HugeFile } from './huge-file.ts';
import type { Bytes, FileRange, SharedFile } from './shared-files.ts';

/** What is moved before others have their turn, in bytes. */
const slice = 1024 * 1024;

export interface FileMemoryInit {
  readonly loop: EventLoop;
  readonly bytes: Bytes;
  /** The first of the host page frame numbers that its pages are given. */
  readonly firstPfn: number;
}

/** Memory that the peer shares as a file: it is read and written there. */
export class FileMemory implements Memory {
  readonly #init: FileMemoryInit;
  #released = false;

  constructor(init: FileMemoryInit) {
    this.#init = init;
  }

  pin(page: number, count: number, _writable: boolean, pfns: Float64Array, at: number): number {
    const first = this.pfn(page);
    for (let index = 0; index < count; index++) pfns[at + index] = first + index;
    return count;
  }

  pfn(page: number): number {
    return this.#init.firstPfn + page;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#move(offset, into, (part, at) => this.#init.bytes.read(part, at));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.#move(offset, from, (part, at) => this.#init.bytes.write(part, at));
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#init.bytes.close();
  }

  async #move(offset: number, buffer: Uint8Array, move: (part: Uint8Array, at: number) => number): Promise<void> {
    const { loop } = this.#init;
    for (let done = 0; done < buffer.length;) {
      if (this.#released) throw new ErrnoError('EFAULT', 'the memory was unmapped');
      const moved = moveSome(buffer.subarray(done, done + slice), offset + done, move);
      done += moved;
      if (done < buffer.length) await loop.turn();
    }
  }
}

function moveSome(part: Uint8Array, at: number, move: (part: Uint8Array, at: number) => number): number {
  let moved: number;
  try {
    moved = move(part, at);
  } catch (cause) {
    throw new ErrnoError('EFAULT', 'the shared memory cannot be accessed', { cause });
  }
  // The peer has made the file shorter since it was mapped.
  if (moved === 0) throw new ErrnoError('EFAULT', `there is nothing at ${at} of the shared memory`);
  return moved;
}

/** Memory that a peer shares by a file, which is let go of with it, or now if it cannot be had. @throws ErrnoError as HugeFile */
export function openFileMemory(init: {
  readonly libc: Libc;
  readonly loop: EventLoop;
  readonly file: SharedFile;
  readonly range: FileRange;
  readonly firstPfn: number;
}): FileMemory {
  const { libc, loop, file, range, firstPfn } = init;
  try {
    return new FileMemory({
      loop,
      firstPfn,
      bytes: file.hugePage !== undefined ? new HugeFile(libc, file, file.hugePage, range) : plainBytes(file, Number(range.offset)),
    });
  } catch (error) {
    file.release();
    throw error;
  }
}

function plainBytes(file: SharedFile, start: number): Bytes {
  const { fd } = file;
  return {
    read: (part, at) => readSync(fd, part, 0, part.length, start + at),
    write: (part, at) => writeSync(fd, part, 0, part.length, start + at),
    close: () => file.release(),
  };
}
