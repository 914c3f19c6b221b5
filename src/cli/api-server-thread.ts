import { once } from 'node:events';
import { copyFile, chmod } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { nodeFlags, programBeside } from '../lib/program-beside.ts';
import { UsageError } from './usage-error.ts';

/** What the thread is started with. */
export interface ApiServerThreadData {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** The URL of the folder of bundled CRDs. */
  readonly crdFolder: string;
  readonly logLevel: string;
}

/** What the thread says, once: where it serves, or why it does not. */
export type FromApiServerThread = { readonly url: string; readonly kubeconfigPath: string } | { readonly failed: string };

export interface ApiServerThread {
  readonly url: string;
  readonly kubeconfigPath: string;
  /** Resolves when `signal` aborts, rejects if the thread ends before. */
  run(signal: AbortSignal): Promise<void>;
  /** Writes the administrator's kubeconfig to another place, mode 0600. */
  writeKubeconfig(path: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the embedded API server in a thread of its own, so that agent and controller do not take turns with it.
 * @throws UsageError if it cannot listen or use its directory
 */
export async function startApiServerThread(data: ApiServerThreadData): Promise<ApiServerThread> {
  const worker = new Worker(programBeside(import.meta.url, 'api-server-worker'), { workerData: data, execArgv: [...nodeFlags] });
  const [answer] = (await once(worker, 'message')) as [FromApiServerThread];
  if ('failed' in answer) {
    await worker.terminate();
    throw new UsageError(`the API server does not start: ${answer.failed}`);
  }
  const ended = once(worker, 'exit');
  return {
    ...answer,
    async run(signal) {
      const aborted = new Promise<'aborted'>((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true }));
      if (!signal.aborted && (await Promise.race([aborted, ended])) !== 'aborted') throw new Error('The API server ended by itself');
    },
    async writeKubeconfig(path) {
      await copyFile(answer.kubeconfigPath, path);
      await chmod(path, 0o600);
    },
    async close() {
      worker.postMessage('close');
      await ended;
    },
  };
}
