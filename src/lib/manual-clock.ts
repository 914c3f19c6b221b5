import type { Clock } from './clock.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test turns it. */
export class ManualClock implements Clock {
  #time: number;
  readonly #start: number;
  readonly #timers = new Set<Timer>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#time = start;
    this.#start = start;
  }

  now(): number {
    return this.#time;
  }

  monotonic(): number {
    return this.#time - this.#start;
  }

  setTimeout(callback: () => void, delay: number): () => void {
    const timer = { due: this.#time + delay, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Time passes while the process does not run: timers fall due, but none fires before `advance`. */
  sleepThrough(ms: number): void {
    this.#time += ms;
  }

  /** Moves time on by `ms`, firing what falls due in order; promise callbacks run between two timers. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#time = Math.max(this.#time, next.due);
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#time = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
