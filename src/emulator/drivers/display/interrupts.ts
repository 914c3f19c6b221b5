import type { IntxPin } from '../pci/intx.ts';
import type { Register } from '../pci/registers.ts';

/** A device's interrupt causes: a status register, of which writing ones clears bits, and an enable register; the pin is high while a cause is in both. */
export class Interrupts {
  readonly #pin: IntxPin;
  /** The causes there are. */
  readonly #causes: number;
  #status = 0;
  #enabled = 0;

  constructor(pin: IntxPin, causes: number) {
    this.#pin = pin;
    this.#causes = causes;
  }

  readonly status: Register = {
    read: () => this.#status,
    write: (value) => {
      this.#set(this.#status & ~value, this.#enabled);
    },
  };

  readonly enable: Register = {
    read: () => this.#enabled,
    write: (value) => {
      this.#set(this.#status, value & this.#causes);
    },
  };

  raise(causes: number): void {
    this.#set(this.#status | (causes & this.#causes), this.#enabled);
  }

  reset(): void {
    this.#set(0, 0);
  }

  #set(status: number, enabled: number): void {
    this.#status = status;
    this.#enabled = enabled;
    this.#pin.set((status & enabled) !== 0);
  }
}
