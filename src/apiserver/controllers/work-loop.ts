/** A queue of keys to work off, with retries: the engine of the controllers inside this server. */
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../api.ts';

export interface WorkLoop {
  /** Queues a key; one that is queued already is not queued twice. */
  add(key: string): void;
  /** Takes no more keys and waits for the work under way. */
  close(): Promise<void>;
  /** Resolves when nothing is queued and nothing is under way. */
  idle(): Promise<void>;
}

export interface WorkLoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How many keys are worked on at a time, never one twice; default 1. */
  readonly concurrency?: number;
  /** Works on a key; when it throws, the key comes back after a growing delay. */
  readonly work: (key: string) => Promise<void>;
}

const firstRetry = 50;
const lastRetry = 30_000;

/** Starts a loop; its owner closes it. */
export function startWorkLoop(options: WorkLoopOptions): WorkLoop {
  const queue = new Set<string>();
  const active = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Set<() => void>();
  const idle: (() => void)[] = [];
  let closed = false;
  let scheduled = false;
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    // What one turn of the event loop queues is looked at together.
    queueMicrotask(() => {
      scheduled = false;
      pump();
    });
  };
  const pump = (): void => {
    for (const key of queue) {
      if (active.size >= (options.concurrency ?? 1)) break;
      if (active.has(key)) continue;
      queue.delete(key);
      active.add(key);
      void run(key);
    }
    if (queue.size === 0 && active.size === 0) for (const resolve of idle.splice(0)) resolve();
  };
  const run = async (key: string): Promise<void> => {
    try {
      await options.work(key);
      failures.delete(key);
    } catch (error) {
      retry(key, error);
    }
    active.delete(key);
    pump();
  };
  const retry = (key: string, error: unknown): void => {
    if (closed) return;
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    options.log.warn({ err: error, key, controller: options.name }, 'Cannot finish a piece of work, trying again');
    const delay = Math.min(firstRetry * 2 ** count, lastRetry);
    const cancel = options.clock.setTimeout(() => {
      timers.delete(cancel);
      add(key);
    }, delay);
    timers.add(cancel);
  };
  const add = (key: string): void => {
    if (closed) return;
    queue.add(key);
    schedule();
  };
  const settle = async (): Promise<void> => {
    if (queue.size > 0 || active.size > 0) await new Promise<void>((resolve) => idle.push(resolve));
  };
  return {
    add,
    idle: settle,
    async close() {
      closed = true;
      queue.clear();
      for (const cancel of timers) cancel();
      await settle();
    },
  };
}
