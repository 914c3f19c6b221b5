import { errnoNumbers } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import { epollFlags } from '../../lib/libc/libc.ts';
import type { PortStream } from '../vfio/model.ts';
import type { EventLoop } from '../../lib/libc/event-loop.ts';
import type { UnixListenerInit } from './unix-listener.ts';
import { UnixListener } from './unix-listener.ts';

export interface PortSocketInit {
  readonly path: string;
  readonly libc: Libc;
  readonly loop: EventLoop;
  readonly onReadable: () => void;
  readonly onWritable: () => void;
  readonly onExhausted: UnixListenerInit['onExhausted'];
}

/** One end of a serial cable, at a UNIX socket that one peer at a time has connected to. */
export class PortSocket implements PortStream {
  readonly #init: PortSocketInit;
  readonly #listener: UnixListener;
  #peer: number | undefined;
  #hungUp = false;
  /** The peer sends nothing any more. */
  #isDone = false;
  /** The device has taken all that there was, and is to be told of more. */
  #waitsToRead = true;
  /** The peer could not be given all, and the device is to be told when it takes more. */
  #waitsToWrite = false;
  readonly #small = new Uint8Array(4096);

  /** @throws ErrnoError as UnixListener */
  constructor(init: PortSocketInit) {
    const { path, libc, loop, onExhausted } = init;
    this.#init = init;
    this.#listener = new UnixListener({ path, libc, loop, onExhausted, onConnection: (fd) => this.#connected(fd) });
  }

  read(into: Uint8Array): number {
    const { libc } = this.#init;
    if (this.#peer === undefined || into.length === 0) return 0;
    const part = this.#small.subarray(0, Math.min(into.length, this.#small.length));
    const read = libc.read(this.#peer, part);
    if (read > 0) {
      into.set(part.subarray(0, read));
      this.#waitsToRead = false;
    } else if (read === -errnoNumbers.EAGAIN) this.#waitsToRead = true;
    else if (read === 0 && !this.#hungUp) {
      // It sends no more, and may still listen.
      this.#waitsToRead = false;
      this.#isDone = true;
    } else this.#disconnect();
    this.#watch();
    return Math.max(read, 0);
  }

  write(from: Uint8Array): number {
    // Nobody is at the other end: what is sent is lost.
    if (this.#peer === undefined || this.#hungUp) return from.length;
    const part = this.#small.subarray(0, Math.min(from.length, this.#small.length));
    part.set(from.subarray(0, part.length));
    const written = this.#init.libc.write(this.#peer, part);
    this.#waitsToWrite = written === -errnoNumbers.EAGAIN || (written >= 0 && written < from.length);
    if (written < 0 && written !== -errnoNumbers.EAGAIN) {
      this.#disconnect();
      return from.length;
    }
    this.#watch();
    return Math.max(written, 0);
  }

  close(): void {
    this.#disconnect();
    this.#listener[Symbol.dispose]();
  }

  #connected(fd: number): void {
    const { libc, loop, onWritable } = this.#init;
    if (this.#peer !== undefined && !this.#hungUp) {
      libc.close(fd);
      return;
    }
    this.#disconnect();
    this.#peer = fd;
    this.#waitsToRead = true;
    loop.add(fd, epollFlags.in, (events) => this.#onReady(events));
    onWritable();
  }

  #onReady(events: number): void {
    const { loop, onReadable, onWritable } = this.#init;
    if ((events & (epollFlags.hangUp | epollFlags.error)) !== 0 && this.#peer !== undefined) {
      // It has gone: what it sent before is there still, for as long as nobody else comes.
      loop.remove(this.#peer);
      this.#hungUp = true;
    }
    if ((events & epollFlags.out) !== 0) {
      this.#waitsToWrite = false;
      onWritable();
    }
    // A device that has no room reads nothing now, and asks by itself when it has.
    this.#waitsToRead = false;
    if (!this.#isDone || this.#hungUp) onReadable();
    this.#watch();
  }

  #watch(): void {
    if (this.#peer === undefined || this.#hungUp) return;
    this.#init.loop.change(this.#peer, (this.#waitsToRead ? epollFlags.in : 0) | (this.#waitsToWrite ? epollFlags.out : 0));
  }

  #disconnect(): void {
    if (this.#peer === undefined) return;
    if (!this.#hungUp) this.#init.loop.remove(this.#peer);
    this.#init.libc.close(this.#peer);
    this.#peer = undefined;
    this.#isDone = false;
    this.#hungUp = false;
    this.#waitsToWrite = false;
  }
}
