import { readdir, readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { parse } from 'yaml';
import type { KubeObject } from '../apiserver/object.ts';
import { startApiServer, type ApiServer } from '../apiserver/server.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from './log/logger.ts';
import { Repeats } from './log/repeats.ts';
import type { ApiServerThreadData, FromApiServerThread } from './api-server-thread.ts';

/** The thread's own side: serves until it is told `close`, then ends. */

const { dataDir, host, port, crdFolder, logLevel } = workerData as ApiServerThreadData;

function tell(message: FromApiServerThread): void {
  parentPort?.postMessage(message);
}

async function bundledCrds(): Promise<KubeObject[]> {
  const folder = new URL(crdFolder);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(files.map(async (name) => parse(await readFile(new URL(name, folder), 'utf8')) as KubeObject));
}

async function start(): Promise<ApiServer | undefined> {
  const log = createLogger(logLevel, new Repeats(systemClock)).child({ part: 'apiserver' });
  try {
    return await startApiServer({ dataDir, host, port, crds: await bundledCrds(), clock: systemClock, log });
  } catch (error) {
    const { message, cause } = error as Error;
    tell({ failed: cause instanceof Error ? `${message}: ${cause.message}` : message });
    return undefined;
  }
}

const server = await start();
if (server !== undefined) {
  tell({ url: server.url, kubeconfigPath: server.kubeconfigPath });
  parentPort?.once('message', () => {
    // Nothing else keeps the thread alive then; a failure ends it with an error event on the other side.
    void server.close().then(() => parentPort?.close());
  });
}
