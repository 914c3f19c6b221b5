/** How many characters a 16550A's FIFOs hold. */
export const fifoDepth = 16;

/** The characters of a receiver or transmitter, each with what the line status register says of it. */
export class CharacterFifo {
  readonly #bytes = new Uint8Array(fifoDepth);
  readonly #status = new Uint8Array(fifoDepth);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The status of the oldest character; 0 when there is none. */
  get headStatus(): number {
    return this.#length > 0 ? (this.#status[this.#head] ?? 0) : 0;
  }

  /** Whether any character has a status. */
  get hasStatus(): boolean {
    for (let index = 0; index < this.#length; index++) {
      if (this.#status[(this.#head + index) % fifoDepth] !== 0) return true;
    }
    return false;
  }

  /** There must be room. */
  push(byte: number, status: number): void {
    const at = (this.#head + this.#length) % fifoDepth;
    this.#bytes[at] = byte;
    this.#status[at] = status;
    this.#length++;
  }

  /** The oldest character; 0 when there is none. */
  shift(): number {
    const byte = this.#length > 0 ? (this.#bytes[this.#head] ?? 0) : 0;
    this.drop(1);
    return byte;
  }

  /** Takes out the oldest `count` characters, as far as there are any. */
  drop(count: number): void {
    const dropped = Math.min(count, this.#length);
    this.#head = (this.#head + dropped) % fifoDepth;
    this.#length -= dropped;
  }

  /** All characters, oldest first. */
  bytes(): Uint8Array {
    return Uint8Array.from({ length: this.#length }, (_, index) => this.#bytes[(this.#head + index) % fifoDepth] ?? 0);
  }

  /** The oldest character has been reported. */
  clearHeadStatus(): void {
    this.#status[this.#head] = 0;
  }

  clear(): void {
    this.#length = 0;
  }
}
