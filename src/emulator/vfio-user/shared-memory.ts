import { readSync, writeSync } from 'node:fs';
import type { Libc } from '../../lib/libc/libc.ts';
import { must } from '../../lib/libc/libc.ts';
import type { SharedMemory } from '../vfio/model.ts';

/** Memory of a device that its user can map: a file without a name. It takes room only where something was written. */
export class MemFile implements SharedMemory {
  readonly size: number;
  readonly fd: number;
  readonly #libc: Libc;
  #closed = false;

  /** @throws ErrnoError ENOMEM, EMFILE */
  constructor(libc: Libc, size: number) {
    this.size = size;
    this.#libc = libc;
    this.fd = must(libc.memfd('mdev-region', size), 'memfd_create');
  }

  read(offset: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) done += readSync(this.fd, into, done, into.length - done, offset + done);
  }

  write(offset: number, from: Uint8Array): void {
    for (let done = 0; done < from.length;) done += writeSync(this.fd, from, done, from.length - done, offset + done);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#libc.close(this.fd);
  }
}
