import { systemClock, type Clock } from '../../../src/lib/clock.ts';

interface Timer {
  readonly due: number;
  readonly fire: () => void;
}

/** The machine's clock, which a test can put forward: what is due by then is due at once. For deadlines of a kernel that cannot be hurried. */
export class ForwardClock implements Clock {
  #ahead = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#ahead;
  }

  setTimeout(callback: () => void, delay: number): () => void {
    const cancel = (): void => {
      this.#timers.delete(timer);
      stop();
    };
    const timer: Timer = {
      due: this.monotonic() + delay,
      fire: () => {
        cancel();
        callback();
      },
    };
    const stop = systemClock.setTimeout(timer.fire, delay);
    this.#timers.add(timer);
    return cancel;
  }

  /** Puts it forward by `ms`; fires what is due by then, in order. */
  forward(ms: number): void {
    this.#ahead += ms;
    const now = this.monotonic();
    const due = [...this.#timers].filter((timer) => timer.due <= now).sort((a, b) => a.due - b.due);
    for (const timer of due) if (this.#timers.has(timer)) timer.fire();
  }
}
