import type { Clock } from '../../src/lib/clock.ts';
import { ManualClock } from '../../src/lib/manual-clock.ts';

/** How often it is turned, ms. */
const beat = 5;

/** A clock that runs as the machine's does, and that a test can turn on besides. Stop it, or the process does not end. */
export class RunningClock implements Clock, Disposable {
  readonly #manual = new ManualClock();
  readonly #timer: NodeJS.Timeout;
  #turned: Promise<void> = Promise.resolve();
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now();
      void this.advance(now - this.#last);
      this.#last = now;
    }, beat);
  }

  now(): number {
    return this.#manual.now();
  }

  monotonic(): number {
    return this.#manual.monotonic();
  }

  setTimeout(callback: () => void, delay: number): () => void {
    return this.#manual.setTimeout(callback, delay);
  }

  /** Moves time on by `ms` at once, firing what falls due in order. */
  advance(ms: number): Promise<void> {
    this.#turned = this.#turned.then(() => this.#manual.advance(ms));
    return this.#turned;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
