/**
 * The main thread's side of the database: changes are queued at once, and written in groups, one transaction for all that
 * gathered while the previous one was on its way to the disk.
 */
import { Worker } from 'node:worker_threads';
import { nodeFlags, programBeside } from '../../lib/program-beside.ts';
import type { DatabaseOptions, LoadedRows, RowChange } from './database.ts';
import type { WorkerReply, WorkerRequest } from './database-worker.ts';

/** What becomes of each group of changes, told in order. */
export interface JournalListener {
  /** The oldest `count` changes still queued are durable. */
  durable(count: number): void;
  /** Nothing queued was written, and none of it will be: the first group failed, and what was queued behind it builds on it. */
  failed(cause: Error): void;
}

export interface Journal {
  /** Queues a change for the next group. */
  append(change: RowChange): void;
  /** Waits for what is queued, then closes the file. */
  close(): Promise<void>;
}

/**
 * Starts the worker and reads what the file holds.
 * @throws Error when the file cannot be opened.
 */
export async function openJournal(options: DatabaseOptions, listener: JournalListener): Promise<{ journal: Journal; loaded: LoadedRows }> {
  const worker = new Worker(programBeside(import.meta.url, 'database-worker'), { workerData: options, execArgv: [...nodeFlags] });
  const loaded = await new Promise<LoadedRows>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (reply: WorkerReply) => {
      worker.off('error', reject);
      if ('loaded' in reply) resolve(reply.loaded);
      else reject(new Error('The database worker did not begin with what it loaded'));
    });
  });
  return { journal: groupCommit(worker, listener), loaded };
}

function groupCommit(worker: Worker, listener: JournalListener): Journal {
  let queue: RowChange[] = [];
  let inFlight = 0;
  let dead: Error | undefined;
  const idle: (() => void)[] = [];
  const send = (request: WorkerRequest): void => {
    worker.postMessage(request);
  };
  const next = (): void => {
    if (queue.length === 0) {
      for (const resolve of idle.splice(0)) resolve();
      return;
    }
    const batch = queue;
    queue = [];
    inFlight = batch.length;
    send({ append: batch });
  };
  const fail = (cause: Error): void => {
    queue = [];
    inFlight = 0;
    listener.failed(cause);
    next();
  };
  worker.on('message', (reply: WorkerReply) => {
    if ('failed' in reply) fail(new Error(`Cannot write to the database: ${reply.failed}`));
    else if ('appended' in reply) {
      const count = inFlight;
      inFlight = 0;
      listener.durable(count);
      next();
    }
  });
  worker.on('error', (error) => {
    dead = new Error('The database worker died', { cause: error });
    fail(dead);
  });
  return {
    append(change) {
      queue.push(change);
      if (dead !== undefined) {
        const cause = dead;
        queueMicrotask(() => {
          if (queue.length > 0) fail(cause);
        });
      } else if (inFlight === 0 && queue.length === 1) {
        // Let everything the current turn of the event loop writes into the first group.
        queueMicrotask(() => {
          if (inFlight === 0 && queue.length > 0) next();
        });
      }
    },
    async close() {
      if (inFlight > 0 || queue.length > 0) await new Promise<void>((resolve) => idle.push(resolve));
      if (dead !== undefined) return;
      await new Promise<void>((resolve) => {
        worker.once('exit', () => {
          resolve();
        });
        send({ close: true });
      });
    },
  };
}
