import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { toErrnoError, type Libc } from '../../lib/libc/libc.ts';
import type { Bytes, FileRange, SharedFile } from './shared-files.ts';

/**
 * A part of a file of huge pages, mapped into this process: the kernel reads such files, but does not write them. It is moved by way of
 * /proc/self/mem, where an address without memory behind it, as of a file that the peer has made shorter, is an error and not the end of
 * the process. That is opened for each move: a peer may map as much as it likes, and has no file descriptors of ours by it.
 */
export class HugeFile implements Bytes {
  readonly #libc: Libc;
  readonly #file: SharedFile;
  /** What is mapped: whole huge pages, around the part that is meant. */
  readonly #address: bigint;
  readonly #size: bigint;
  /** Where in that the part starts. */
  readonly #start: bigint;

  /**
   * @param page bytes of a huge page
   * @throws ErrnoError when it cannot be mapped
   */
  constructor(libc: Libc, file: SharedFile, page: bigint, { offset, size, writable }: FileRange) {
    this.#libc = libc;
    this.#file = file;
    this.#start = offset % page;
    this.#size = ((this.#start + size + page - 1n) / page) * page;
    this.#address = libc.map(file.fd, offset - this.#start, this.#size, writable);
    if (this.#address < 0n) throw toErrnoError(Number(this.#address), 'mmap of the shared memory');
  }

  /** `at`: bytes from the start of the part. */
  read(part: Uint8Array, at: number): number {
    return this.#move('r', (memory, place) => readSync(memory, part, 0, part.length, place + at));
  }

  write(part: Uint8Array, at: number): number {
    return this.#move('r+', (memory, place) => writeSync(memory, part, 0, part.length, place + at));
  }

  close(): void {
    this.#libc.unmap(this.#address, this.#size);
    this.#file.release();
  }

  #move(flags: 'r' | 'r+', move: (memory: number, place: number) => number): number {
    const memory = openSync('/proc/self/mem', flags);
    try {
      // Addresses of processes are below 2^53.
      return move(memory, Number(this.#address + this.#start));
    } finally {
      closeSync(memory);
    }
  }
}
