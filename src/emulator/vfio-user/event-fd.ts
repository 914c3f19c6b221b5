import { readlinkSync } from 'node:fs';
import { ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import type { EventTarget } from '../vfio/event-target.ts';
import type { EventLoop } from '../../lib/libc/event-loop.ts';
import { interest } from '../../lib/libc/event-loop.ts';

/** An eventfd that a peer passed, to be told of an interrupt. */
export class EventFd implements EventTarget {
  readonly #fd: number;
  readonly #libc: Libc;
  readonly #loop: EventLoop;
  #watched = false;
  #closed = false;

  /** @throws ErrnoError EINVAL when `fd` is something else; it stays the caller's then */
  constructor(fd: number, libc: Libc, loop: EventLoop) {
    // The kernel takes an eventfd and nothing else (eventfd_ctx_fdget): anything else could wait when it is written to.
    const target = readlinkSync(`/proc/self/fd/${fd}`);
    if (target !== 'anon_inode:[eventfd]')
      throw new ErrnoError('EINVAL', `${target} was passed to be told of an interrupt, and is no eventfd`);
    this.#fd = fd;
    this.#libc = libc;
    this.#loop = loop;
  }

  signal(): void {
    if (!this.#closed) this.#libc.signal(this.#fd);
  }

  watch(listener: () => void): void {
    // By edge, so that nothing need be read: the count is the peer's.
    this.#loop.add(this.#fd, interest.readEdge, listener);
    this.#watched = true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#watched) this.#loop.remove(this.#fd);
    this.#libc.close(this.#fd);
  }
}
