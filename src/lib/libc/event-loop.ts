import type { Libc } from './libc.ts';
import { epollFlags, must } from './libc.ts';
import { epollEvent } from './structs.ts';

/** Events taken from the kernel at once. */
const batch = 64;

/** Told what is ready: bits of epollFlags. */
export type FdHandler = (events: number) => void;

interface Watched {
  /** Tells this use of the file descriptor's number from an earlier one. */
  readonly generation: number;
  interest: number;
  readonly handler: FdHandler;
}

/**
 * The loop of a thread that waits for file descriptors in the kernel, where Node.js's own cannot watch them. What can be answered at
 * once is, without leaving this loop: that is what makes a small read fast.
 *
 * Promises make no progress while the thread waits in the kernel. So whatever has to do with promises goes through this class: work is
 * begun by `start`, others are let on by `turn`, and what somebody waits for is settled through `deferred`. After any of these has let
 * a promise on, the loop gives Node.js a turn, in which all that follows from it runs, before it waits again. Nothing in the thread may
 * wait for Node.js's own timers, sockets or files.
 */
export class EventLoop implements Disposable {
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #events = new Uint8Array(batch * epollEvent.size);
  readonly #view = new DataView(this.#events.buffer);
  readonly #change = new DataView(new ArrayBuffer(128));
  readonly #watched = new Map<number, Watched>();
  #generation = 0;
  /** What runs in the next round. */
  #next: (() => void)[] = [];
  /** A promise was let on, and Node.js has not had its turn since. */
  #promised = false;
  #stopped = false;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#epoll = must(libc.epollCreate(), 'epoll_create1');
  }

  /** Calls `handler` whenever `fd` is ready for one of `interest`, or broken. `edge`: only when that is news. */
  add(fd: number, interest: number, handler: FdHandler): void {
    this.#generation = (this.#generation + 1) % 2 ** 32;
    this.#watched.set(fd, { generation: this.#generation, interest, handler });
    must(this.#libc.epollControl(this.#epoll, 'add', fd, this.#event(fd, interest, this.#generation)), 'epoll_ctl');
  }

  change(fd: number, interest: number): void {
    const watched = this.#watched.get(fd);
    if (watched === undefined || watched.interest === interest) return;
    watched.interest = interest;
    must(this.#libc.epollControl(this.#epoll, 'modify', fd, this.#event(fd, interest, watched.generation)), 'epoll_ctl');
  }

  /** Before the file descriptor is closed. */
  remove(fd: number): void {
    if (this.#watched.delete(fd)) must(this.#libc.epollControl(this.#epoll, 'delete', fd, this.#event(fd, 0, 0)), 'epoll_ctl');
  }

  /** Calls `task` in the next round, after what is ready then. */
  soon(task: () => void): void {
    this.#next.push(task);
  }

  /** Begins `work` in the next round. Whatever it does with promises of its own goes on by this loop's `turn` and `deferred`. */
  start(work: () => Promise<void>, onError: (error: unknown) => void): void {
    this.soon(() => {
      this.#promised = true;
      work().catch(onError);
    });
  }

  /** Resolves in the next round, when others have had their turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.soon(() => {
        this.#promised = true;
        resolve();
      });
    });
  }

  /** A promise that is settled from outside. */
  deferred<T>(): PromiseWithResolvers<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    return {
      promise,
      resolve: (value) => {
        this.#promised = true;
        resolve(value);
      },
      reject: (reason) => {
        this.#promised = true;
        reject(reason);
      },
    };
  }

  /** Ends the loop after this round. */
  stop(): void {
    this.#stopped = true;
  }

  /** Runs until `stop`. @throws what a handler or task throws */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        try {
          while (!this.#stopped) {
            this.#round();
            if (!this.#promised) continue;
            this.#promised = false;
            setImmediate(go);
            return;
          }
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      go();
    });
  }

  [Symbol.dispose](): void {
    this.#watched.clear();
    this.#libc.close(this.#epoll);
  }

  #round(): void {
    const ready = this.#libc.epollWait(this.#epoll, this.#events, batch, this.#next.length === 0 ? -1 : 0);
    // EINTR: a signal came.
    for (let index = 0; index < ready; index++) {
      const at = index * epollEvent.size;
      const watched = this.#watched.get(this.#view.getInt32(at + epollEvent.data, true));
      // A handler before this one may have closed the file descriptor, and another have got its number.
      if (watched?.generation === this.#view.getUint32(at + epollEvent.data + 4, true)) watched.handler(this.#view.getUint32(at, true));
    }
    if (this.#next.length === 0) return;
    const tasks = this.#next;
    this.#next = [];
    for (const task of tasks) task();
  }

  #event(fd: number, interest: number, generation: number): Uint8Array {
    this.#change.setUint32(0, interest, true);
    this.#change.setInt32(epollEvent.data, fd, true);
    this.#change.setUint32(epollEvent.data + 4, generation, true);
    return new Uint8Array(this.#change.buffer);
  }
}

export const interest = { none: 0, read: epollFlags.in, write: epollFlags.out, readEdge: (epollFlags.in | (1 << 31)) >>> 0 } as const;
