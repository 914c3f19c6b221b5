import { errnoNumbers } from '../../lib/errno.ts';
import type { Transport } from './transport.ts';

/** A peer that leaves more unread does not read at all. */
const maxUnread = 8 * 1024 * 1024;

interface Unsent {
  readonly bytes: Uint8Array;
  readonly fds: readonly number[];
}

/** What is to be sent to one peer: at once, as far as it takes it, and the rest when it does. */
export class Outbox {
  readonly #transport: Transport;
  readonly #fd: number;
  #unsent: Unsent[] = [];
  #bytes = 0;

  constructor(transport: Transport, fd: number) {
    this.#transport = transport;
    this.#fd = fd;
  }

  /** Whether something waits for the peer to read. */
  get isWaiting(): boolean {
    return this.#unsent.length > 0;
  }

  /** Sends the first `length` bytes of the transport's `out`. @returns false when the peer is gone, or does not read */
  send(length: number, fds: readonly number[]): boolean {
    let sent = 0;
    if (this.#unsent.length === 0) {
      sent = this.#transport.send(this.#fd, 0, length, fds);
      if (sent === length) return true;
      if (sent < 0) {
        if (sent !== -errnoNumbers.EAGAIN) return false;
        sent = 0;
      }
    }
    this.#unsent.push({ bytes: this.#transport.out.slice(sent, length), fds: sent === 0 ? fds : [] });
    this.#bytes += length - sent;
    return this.#bytes <= maxUnread;
  }

  /** Goes on sending. @returns false when the peer is gone */
  flush(): boolean {
    for (let first = this.#unsent[0]; first !== undefined; first = this.#unsent[0]) {
      const { bytes, fds } = first;
      this.#transport.out.set(bytes);
      const sent = this.#transport.send(this.#fd, 0, bytes.length, fds);
      if (sent === -errnoNumbers.EAGAIN) return true;
      if (sent < 0) return false;
      this.#bytes -= sent;
      if (sent < bytes.length) {
        this.#unsent[0] = { bytes: bytes.subarray(sent), fds: [] };
        return true;
      }
      this.#unsent.shift();
    }
    return true;
  }
}
