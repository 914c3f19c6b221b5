import { closeSync, writeSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';

/** A Worker that waits in the kernel, with an eventfd among what it waits for. */
export interface Wakeable {
  /** Has it look around. Does nothing once it has ended. */
  wake(): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
}

const one = new BigUint64Array([1n]);

/**
 * Takes over the eventfd by which a Worker is woken, and closes it when that has ended. A thread that waits in a system call is not ended by
 * the end of the process: it is woken then.
 * @param beforeExit called before that, to leave word why
 */
export function keepWakeable(worker: Worker, eventfd: number, beforeExit?: () => void): Wakeable {
  const ended = Promise.withResolvers<undefined>();
  let running = true;
  const wake = (): void => {
    if (running) writeSync(eventfd, one);
  };
  const onExit = (): void => {
    beforeExit?.();
    wake();
  };
  process.once('exit', onExit);
  worker.once('exit', () => {
    running = false;
    process.removeListener('exit', onExit);
    closeSync(eventfd);
    ended.resolve(undefined);
  });
  return { wake, ended: ended.promise };
}
