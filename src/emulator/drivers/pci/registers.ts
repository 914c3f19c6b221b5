import type { RegionHandler } from './function.ts';

/** A 32-bit register. `read` has no side effect; without it the register reads 0. Without `write` it is read-only. */
export interface Register {
  readonly read?: () => number;
  readonly write?: (value: number) => void;
}

/**
 * A memory region of 32-bit little-endian registers, by offset; where there is none, reads give 0 and writes are lost. Reads may have any
 * size and alignment. Writes change the registers that they cover whole, lower offsets first; parts of registers are left as they are.
 */
export function registerRegion(registers: ReadonlyMap<number, Register>): RegionHandler {
  return {
    read(offset, into) {
      for (let at = offset - (offset % 4); at < offset + into.length; at += 4) {
        const value = registers.get(at)?.read?.() ?? 0;
        for (let byte = 0; byte < 4; byte++) {
          const index = at + byte - offset;
          if (index >= 0 && index < into.length) into[index] = (value >>> (8 * byte)) & 0xff;
        }
      }
    },
    write(offset, from) {
      const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
      for (let index = (4 - (offset % 4)) % 4; index + 4 <= from.length; index += 4) {
        registers.get(offset + index)?.write?.(view.getUint32(index, true));
      }
    },
  };
}

/** A register that keeps what is written to it. */
export class ValueRegister implements Register {
  #value: number;
  readonly #initial: number;

  constructor(initial = 0) {
    this.#value = initial;
    this.#initial = initial;
  }

  read(): number {
    return this.#value;
  }

  write(value: number): void {
    this.#value = value;
  }

  reset(): void {
    this.#value = this.#initial;
  }
}
