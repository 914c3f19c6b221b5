import { Worker } from 'node:worker_threads';
import { nodeFlags, programBeside } from '../../../lib/program-beside.ts';
import { keepWakeable } from '../../../lib/wakeable-worker.ts';
import type { FromUeventThread } from './uevents-thread.ts';
import type { Uevent } from './uevent.ts';

/** Hears uevents until it is disposed of. */
export interface UeventListener extends AsyncDisposable {
  /** Resolves when it has ended without having been told to. */
  readonly ended: Promise<unknown>;
}

/**
 * Starts to hear the kernel's uevents; what happens after this has resolved is heard.
 * @param hear `lost`: something was, so that everything is to be looked at
 * @throws Error where the kernel, or a sandbox, lets nobody hear them
 */
export async function listenForUevents(hear: (events: readonly Uevent[], lost: boolean) => void): Promise<UeventListener> {
  const worker = new Worker(programBeside(import.meta.url, 'uevents-thread'), { execArgv: [...nodeFlags] });
  const ready = Promise.withResolvers<number>();
  worker.on('message', (message: FromUeventThread) => {
    if (message.kind === 'ready') ready.resolve(message.wake);
    else if (message.kind === 'refused') ready.reject(new Error(`Cannot hear uevents: ${message.message}`));
    else hear(message.events, message.lost);
  });
  worker.once('error', (error) => ready.reject(error));
  const thread = keepWakeable(worker, await ready.promise);
  // What waits in the kernel keeps no process alive.
  worker.unref();
  return {
    ended: thread.ended,
    async [Symbol.asyncDispose]() {
      thread.wake();
      await thread.ended;
    },
  };
}
