import { fstatSync, readFileSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import type { Memory } from '../vfio/dma.ts';
import type { EventLoop } from './event-loop.ts';

/** What is moved before others have their turn, in bytes. */
const slice = 1024 * 1024;

export interface FileMemoryInit {
  readonly libc: Libc;
  readonly loop: EventLoop;
  /** The file that the peer passed; this memory's from then on. */
  readonly fd: number;
  /** Where in the file the mapping starts, bytes. */
  readonly offset: number;
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
    await this.#move(offset, into, (part, at) => readSync(this.#init.fd, part, 0, part.length, at));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.#move(offset, from, (part, at) => writeSync(this.#init.fd, part, 0, part.length, at));
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#init.libc.close(this.#init.fd);
  }

  async #move(offset: number, buffer: Uint8Array, move: (part: Uint8Array, at: number) => number): Promise<void> {
    const { loop, offset: start } = this.#init;
    for (let done = 0; done < buffer.length;) {
      if (this.#released) throw new ErrnoError('EFAULT', 'the memory was unmapped');
      const moved = moveSome(buffer.subarray(done, done + slice), start + offset + done, move);
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

/**
 * Whether a file can be used as memory: a regular file (of tmpfs, hugetlbfs or a disk), as long as the mapping, opened for what the
 * mapping allows. Reading anything else might wait.
 * @throws ErrnoError EINVAL it is no such file or too short; EACCES it was not opened for that
 */
export function checkFile(fd: number, offset: bigint, size: bigint, readable: boolean, writable: boolean): void {
  const stat = fstatSync(fd, { bigint: true });
  if (!stat.isFile()) throw new ErrnoError('EINVAL', `${readlinkSync(`/proc/self/fd/${fd}`)} is no file that can be mapped`);
  if (offset + size > stat.size) throw new ErrnoError('EINVAL', `the mapping ends at ${offset + size} of a file of ${stat.size} bytes`);
  const mode = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0', 8) & 3;
  const [read, write] = [mode !== 1, mode !== 0];
  if ((readable && !read) || (writable && !write)) throw new ErrnoError('EACCES', 'the file was not opened for what the mapping allows');
}
