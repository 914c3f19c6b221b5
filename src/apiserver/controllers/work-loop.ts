/** A queue of keys worked off one at a time, with retries: the engine of the controllers inside this server. */
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../api.ts';

export interface WorkLoop {
  /** Queues a key; one that is queued already is not queued twice. */
  add(key: string): void;
  /** Queues a key after `delay` ms. */
  addAfter(key: string, delay: number): void;
  /** Takes no more keys and waits for the work under way. */
  close(): Promise<void>;
  /** Resolves when nothing is queued and nothing is under way. */
  idle(): Promise<void>;
}

export interface WorkLoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Works on a key; when it throws, the key comes back after a growing delay. */
  readonly work: (key: string) => Promise<void>;
}

const firstRetry = 50;
const lastRetry = 30_000;

/** Starts a loop; its owner closes it. */
export function startWorkLoop(options: WorkLoopOptions): WorkLoop {
  const queue = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Set<() => void>();
  let running: Promise<void> | undefined;
  let closed = false;
  const run = async (): Promise<void> => {
    for (const key of queue) {
      if (closed) break;
      queue.delete(key);
      try {
        await options.work(key);
        failures.delete(key);
      } catch (error) {
        const count = failures.get(key) ?? 0;
        failures.set(key, count + 1);
        options.log.warn({ err: error, key, controller: options.name }, 'Cannot finish a piece of work, trying again');
        loop.addAfter(key, Math.min(firstRetry * 2 ** count, lastRetry));
      }
    }
  };
  const loop: WorkLoop = {
    add(key) {
      if (closed) return;
      queue.add(key);
      running ??= Promise.resolve()
        .then(run)
        .finally(() => {
          running = undefined;
          const [next] = queue;
          if (next !== undefined) loop.add(next);
        });
    },
    addAfter(key, delay) {
      if (closed) return;
      const cancel = options.clock.setTimeout(() => {
        timers.delete(cancel);
        loop.add(key);
      }, delay);
      timers.add(cancel);
    },
    async close() {
      closed = true;
      queue.clear();
      for (const cancel of timers) cancel();
      await running;
    },
    async idle() {
      while (running !== undefined) await running;
    },
  };
  return loop;
}
