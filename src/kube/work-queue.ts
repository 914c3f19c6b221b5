import type { Clock } from '../lib/clock.ts';
import { retryAfter } from './api-error.ts';
import { noQueueTelemetry, type QueueTelemetry } from './telemetry.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** How many keys are worked on at a time. */
  readonly concurrency: number;
  /** Delay after the first failure of a key, doubled with each one after it, ms. */
  readonly baseDelay?: number;
  readonly maxDelay?: number;
  /** Called when a worker rejects; the key is tried again after `delay` ms. */
  readonly onError: (key: string, error: unknown, delay: number) => void;
  /** Told of all that happens, for metrics. */
  readonly telemetry?: QueueTelemetry | undefined;
}

/** Does the work of one key. Reads the state by the key; what else is queued is not its business. */
export type Worker = (key: string, signal: AbortSignal) => Promise<void>;

/**
 * Keys that need work.
 * - A key waits in the queue at most once, and is worked on by one worker at a time; added while it is worked on, it comes
 *   again afterwards.
 * - First in, first out. A key added with a delay joins the end when the delay is over; the earlier of two delays holds.
 * - A worker that rejects gets its key again with growing delay (and not before the server's Retry-After); one that resolves
 *   resets the delay.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #telemetry: QueueTelemetry;
  /** Since when each waits. */
  readonly #waiting = new Map<string, number>();
  readonly #active = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #timers = new Map<string, { due: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  #worker: Worker | undefined;
  #signal: AbortSignal | undefined;
  #stopped: (() => void) | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#telemetry = options.telemetry ?? noQueueTelemetry;
  }

  /** Keys waiting now; neither those being worked on nor those with a delay. */
  get length(): number {
    return this.#waiting.size;
  }

  get active(): number {
    return this.#active.size;
  }

  /** Nothing waits and nothing is being worked on; keys with a delay do not count. */
  get idle(): boolean {
    return this.#waiting.size === 0 && this.#active.size === 0;
  }

  add(key: string): void {
    if (this.#active.has(key)) this.#dirty.add(key);
    else this.#wait(key);
    this.#pump();
  }

  /** Adds `key` after `delay` ms. */
  addAfter(key: string, delay: number): void {
    if (delay <= 0) {
      this.add(key);
      return;
    }
    const due = this.#options.clock.monotonic() + delay;
    const earlier = this.#timers.get(key);
    if (earlier !== undefined) {
      if (earlier.due <= due) return;
      earlier.cancel();
    }
    const cancel = this.#options.clock.setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, delay);
    this.#timers.set(key, { due, cancel });
  }

  /** Takes `key` out unless it is being worked on: no delay, no failures, not waiting. */
  forget(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    this.#failures.delete(key);
    this.#waiting.delete(key);
    this.#dirty.delete(key);
    this.#telemetry.depth(this.#waiting.size);
  }

  /** Works until `signal` is aborted; resolves when the last worker has returned. Call it once. */
  async run(worker: Worker, signal: AbortSignal): Promise<void> {
    if (this.#worker !== undefined) throw new Error('Cannot run a work queue twice');
    this.#worker = worker;
    this.#signal = signal;
    this.#pump();
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
      const stop = (): void => {
        for (const timer of this.#timers.values()) timer.cancel();
        this.#timers.clear();
        this.#finish();
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  #wait(key: string): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.set(key, this.#options.clock.monotonic());
    this.#telemetry.added();
    this.#telemetry.depth(this.#waiting.size);
  }

  #finish(): void {
    if (this.#signal?.aborted === true && this.#active.size === 0) this.#stopped?.();
  }

  #pump(): void {
    const worker = this.#worker;
    const signal = this.#signal;
    if (worker === undefined || signal === undefined || signal.aborted) return;
    for (const [key, since] of this.#waiting) {
      if (this.#active.size >= this.#options.concurrency) return;
      this.#waiting.delete(key);
      this.#active.add(key);
      this.#telemetry.depth(this.#waiting.size);
      this.#telemetry.started((this.#options.clock.monotonic() - since) / 1000);
      void this.#work(worker, key, signal);
    }
  }

  async #work(worker: Worker, key: string, signal: AbortSignal): Promise<void> {
    const started = this.#options.clock.monotonic();
    let failed = false;
    try {
      await worker(key, signal);
      this.#failures.delete(key);
    } catch (error) {
      failed = true;
      if (!signal.aborted) {
        const delay = Math.max(this.#nextDelay(key), retryAfter(error) ?? 0);
        this.addAfter(key, delay);
        this.#options.onError(key, error, delay);
      }
    }
    this.#active.delete(key);
    if (this.#dirty.delete(key)) this.#wait(key);
    this.#telemetry.done((this.#options.clock.monotonic() - started) / 1000, failed);
    this.#pump();
    this.#finish();
  }

  #nextDelay(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const full = Math.min(this.#options.maxDelay ?? 60_000, (this.#options.baseDelay ?? 50) * 2 ** failures);
    return full * (0.5 + this.#options.random() / 2);
  }
}
