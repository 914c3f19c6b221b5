import { ProtocolError } from './client-calls.ts';
import { header, headerBytes, maxMessage, maxMessageFds } from './wire.ts';

/** File descriptors that came with a chunk belong to the message that has its last byte. */
interface Passed {
  /** Where in the data the chunk ends. */
  end: number;
  readonly fds: readonly number[];
}

/** What one peer has sent and nobody has read yet, message by message. */
export class Inbox {
  /** Where the message is that `next` found: `size` bytes of `bytes` from `at` on. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  size = 0;
  /** File descriptors that came with it: the reader's from then on. */
  fds: number[] = [];
  /** Where the data ends. */
  #end = 0;
  /** Where the next message begins. */
  #next = 0;
  #passed: Passed[] = [];
  /** Data that waits for the rest of it. */
  #own = new Uint8Array(256);
  #ownView = new DataView(this.#own.buffer);

  /**
   * Adds what was received. `chunk` may be used again by its owner only after `keep`.
   * @throws ProtocolError when the peer passes more file descriptors than any command takes; they are the inbox's all the same
   */
  push(chunk: Uint8Array, view: DataView, length: number, fds: readonly number[]): void {
    if (this.#next === this.#end) {
      this.bytes = chunk;
      this.view = view;
      this.#next = 0;
      this.#end = length;
    } else this.#append(chunk, length);
    if (fds.length === 0) return;
    this.#passed.push({ end: this.#end, fds });
    if (this.#passed.reduce((sum, { fds: each }) => sum + each.length, 0) > 4 * maxMessageFds)
      throw new ProtocolError('more file descriptors than any command takes');
  }

  /** Whether a whole message is there. @throws ProtocolError when there can be none */
  get isReady(): boolean {
    const left = this.#end - this.#next;
    if (left < headerBytes) return false;
    const size = this.view.getUint32(this.#next + header.size, true);
    if (size < headerBytes || size > maxMessage) throw new ProtocolError(`a message of ${size} bytes`);
    return left >= size;
  }

  /** Goes on to the next message. Only when `isReady`. */
  next(): void {
    this.at = this.#next;
    this.size = this.view.getUint32(this.at + header.size, true);
    this.#next += this.size;
    if (this.#passed.length === 0) {
      if (this.fds.length > 0) this.fds = [];
      return;
    }
    const own = this.#passed.filter(({ end }) => end <= this.#next);
    this.#passed = this.#passed.slice(own.length);
    this.fds = own.flatMap(({ fds }) => fds);
  }

  /** Keeps what is left in memory of its own. */
  keep(): void {
    if (this.bytes === this.#own) {
      // What was read is overwritten only when it is much: so a long message is not moved with each of its chunks.
      if (this.#next < 64 * 1024 && this.#next < this.#end) return;
      this.#rebase(this.#own);
    } else if (this.#next < this.#end) {
      this.#reserve(this.#end - this.#next);
      this.#rebase(this.bytes);
    }
    if (this.#next === this.#end) this.#next = this.#end = 0;
  }

  /** All file descriptors that nobody has taken. */
  drain(): number[] {
    const fds = this.#passed.flatMap(({ fds }) => fds);
    this.#passed = [];
    this.#next = this.#end = 0;
    return fds;
  }

  #append(chunk: Uint8Array, length: number): void {
    this.#reserve(this.#end + length);
    this.#own.set(chunk.subarray(0, length), this.#end);
    this.#end += length;
  }

  /** Moves what is left to the start of our own memory. */
  #rebase(from: Uint8Array): void {
    if (from === this.#own) this.#own.copyWithin(0, this.#next, this.#end);
    else this.#own.set(from.subarray(this.#next, this.#end));
    for (const passed of this.#passed) passed.end -= this.#next;
    this.#end -= this.#next;
    this.#next = 0;
    this.bytes = this.#own;
    this.view = this.#ownView;
  }

  #reserve(length: number): void {
    if (length <= this.#own.length) return;
    const larger = new Uint8Array(2 * length);
    larger.set(this.#own);
    const isOwn = this.bytes === this.#own;
    this.#own = larger;
    this.#ownView = new DataView(larger.buffer);
    if (!isOwn) return;
    this.bytes = larger;
    this.view = this.#ownView;
  }
}
