import type { DeviceUser } from '../../vfio/model.ts';
import type { ConfigSpace } from './config-space.ts';
import { commandBit } from './config-space.ts';
import { irqIndex } from './irqs.ts';

/** The function's INTA# pin: what the device asserts, shown in the status register, and let out unless the command register forbids it. */
export class IntxPin {
  readonly #config: ConfigSpace;
  #asserted = false;
  /** The level that the user was last told of. */
  #level = false;
  #user: DeviceUser | undefined;

  constructor(config: ConfigSpace) {
    this.#config = config;
  }

  /** A user has come; its line is low, and rises at once if the device waits for an answer. */
  connect(user: DeviceUser): void {
    this.#user = user;
    this.#level = false;
    this.update();
  }

  disconnect(): void {
    this.#user = undefined;
  }

  /** Asserts the interrupt, or takes it back. */
  set(asserted: boolean): void {
    this.#asserted = asserted;
    this.update();
  }

  /** To be called when the command register may have changed. */
  update(): void {
    this.#config.setInterruptStatus(this.#asserted);
    const level = this.#asserted && (this.#config.command & commandBit.intxDisable) === 0;
    if (level === this.#level || this.#user === undefined) return;
    this.#level = level;
    this.#user.setLine(irqIndex.intx, 0, level);
  }
}
