import type { EventTarget } from '../event-target.ts';

/** An event target that a test looks at, and signals itself where it is watched. Closing it twice is an error, as of a file descriptor. */
export class Counter implements EventTarget {
  signals = 0;
  closed = false;
  #listener: (() => void) | undefined;

  signal(): void {
    if (this.closed) throw new Error('a closed target was signalled');
    this.signals++;
  }

  watch(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    if (this.closed) throw new Error('a target was closed twice');
    this.closed = true;
  }

  /** Somebody else signals it. */
  strike(): void {
    this.#listener?.();
  }

  /** The signals since the last call. */
  take(): number {
    const { signals } = this;
    this.signals = 0;
    return signals;
  }
}

export function counters(count: number): Counter[] {
  return Array.from({ length: count }, () => new Counter());
}

/** A target that can be signalled only. */
export function mute(): EventTarget & { closed: boolean } {
  return {
    closed: false,
    signal: () => undefined,
    close() {
      this.closed = true;
    },
  };
}
