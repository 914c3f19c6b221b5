import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { toErrnoError, type Libc } from '../../lib/libc/libc.ts';
import type { Bytes, FileRange, SharedFile } from './shared-files.ts';

/**
 * A file of huge pages, mapped into this process: the kernel reads such files, but does not write them. It is moved by way of
 * /proc/self/mem, where an address without memory behind it, as of a file that the peer has made shorter, is an error and not the end of
 * the process.
 */
export class HugeFile implements Bytes {
  readonly #libc: Libc;
  readonly #address: bigint;
  readonly #size: bigint;
  readonly #memory: number;
  readonly #file: SharedFile;

  /** @throws ErrnoError when it cannot be mapped */
  constructor(libc: Libc, file: SharedFile, range: FileRange) {
    this.#libc = libc;
    this.#file = file;
    this.#size = range.size;
    this.#memory = openSync('/proc/self/mem', range.writable ? 'r+' : 'r');
    this.#address = libc.map(file.fd, range.offset, range.size, range.writable);
    if (this.#address >= 0n) return;
    closeSync(this.#memory);
    throw toErrnoError(Number(this.#address), 'mmap of the shared memory');
  }

  /** `at`: bytes from the start of the mapping. */
  read(part: Uint8Array, at: number): number {
    return readSync(this.#memory, part, 0, part.length, this.#address + BigInt(at));
  }

  write(part: Uint8Array, at: number): number {
    return writeSync(this.#memory, part, 0, part.length, Number(this.#address) + at);
  }

  close(): void {
    closeSync(this.#memory);
    this.#libc.unmap(this.#address, this.#size);
    this.#file.release();
  }
}
