/** The worker thread around database.ts: it opens the file, sends what it holds, then appends batch after batch. */
import { parentPort, workerData } from 'node:worker_threads';
import { type DatabaseOptions, type LoadedRows, openDatabase, type RowChange } from './database.ts';

/** To the worker: a batch to append, or the order to close. */
export type WorkerRequest = { readonly append: readonly RowChange[] } | { readonly close: true };

/** From the worker: first `loaded`, then one `appended` a batch; `failed` carries why a batch was not written. */
export type WorkerReply =
  { readonly loaded: LoadedRows } | { readonly appended: true } | { readonly failed: string } | { readonly closed: true };

function serve(options: DatabaseOptions): void {
  const port = parentPort;
  if (port === null) throw new Error('database-worker runs in a worker thread only');
  const reply = (message: WorkerReply): void => {
    port.postMessage(message);
  };
  const database = openDatabase(options);
  port.on('message', (request: WorkerRequest) => {
    if ('close' in request) {
      database.close();
      reply({ closed: true });
      port.close();
      return;
    }
    try {
      database.append(request.append);
      reply({ appended: true });
    } catch (error) {
      reply({ failed: error instanceof Error ? error.message : String(error) });
    }
  });
  reply({ loaded: database.load() });
}

serve(workerData as DatabaseOptions);
