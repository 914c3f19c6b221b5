import { readSync, writeSync } from 'node:fs';
import { ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import { must } from '../../lib/libc/libc.ts';
import type { SharedMemory } from '../vfio/model.ts';

/** Memory of a device that its user can map: a file without a name, whose length is sealed. It takes room only where something was written. */
export class MemFile implements SharedMemory {
  readonly size: number;
  readonly fd: number;
  readonly #libc: Libc;
  #closed = false;

  /** @throws ErrnoError ENOMEM, EMFILE */
  constructor(libc: Libc, size: number) {
    this.size = size;
    this.#libc = libc;
    this.fd = must(libc.memfd('mdev-region', size, true), 'memfd_create');
  }

  read(offset: number, into: Uint8Array): void {
    moveAll(into.length, (done) => readSync(this.fd, into, done, into.length - done, offset + done));
  }

  write(offset: number, from: Uint8Array): void {
    moveAll(from.length, (done) => writeSync(this.fd, from, done, from.length - done, offset + done));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#libc.close(this.fd);
  }
}

/** @throws ErrnoError EIO when the file is shorter than it was made, which its seal forbids */
function moveAll(length: number, move: (done: number) => number): void {
  for (let done = 0; done < length;) {
    const moved = move(done);
    if (moved === 0) throw new ErrnoError('EIO', `the memory of a region ends ${length - done} bytes early`);
    done += moved;
  }
}
