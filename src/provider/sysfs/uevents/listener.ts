import { closeSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { FromUeventThread } from './thread.ts';
import type { Uevent } from './uevent.ts';

/** Hears uevents until it is disposed of. */
export interface UeventListener extends AsyncDisposable {
  /** Resolves when it has ended without having been told to. */
  readonly ended: Promise<unknown>;
}

const one = new BigUint64Array([1n]);

/**
 * Starts to hear the kernel's uevents; what happens after this has resolved is heard.
 * @param hear `lost`: something was, so that everything is to be looked at
 * @throws Error where the kernel, or a sandbox, lets nobody hear them
 */
export async function listenForUevents(hear: (events: readonly Uevent[], lost: boolean) => void): Promise<UeventListener> {
  const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js';
  const worker = new Worker(new URL(file, import.meta.url), { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const ready = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<unknown>();
  worker.on('message', (message: FromUeventThread) => {
    if (message.kind === 'ready') ready.resolve(message.wake);
    else if (message.kind === 'refused') ready.reject(new Error(`Cannot hear uevents: ${message.message}`));
    else hear(message.events, message.lost);
  });
  worker.once('error', (error) => {
    ready.reject(error);
    ended.resolve(error);
  });
  worker.once('exit', () => ended.resolve(undefined));
  const wake = await ready.promise;
  // What waits in the kernel keeps no process alive, but must be woken for it to end.
  worker.unref();
  let running = true;
  const wakeUp = (): void => {
    if (running) writeSync(wake, one);
  };
  process.once('exit', wakeUp);
  void ended.promise.then(() => {
    running = false;
    process.removeListener('exit', wakeUp);
    closeSync(wake);
  });
  return {
    ended: ended.promise,
    async [Symbol.asyncDispose]() {
      wakeUp();
      await ended.promise;
    },
  };
}
