/** Our own API server for a test, with crds/ in it, in a temporary folder. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { KubeObject } from '../../src/apiserver/object.ts';
import { startApiServer } from '../../src/apiserver/server.ts';
import { systemClock } from '../../src/lib/clock.ts';

export interface EmbeddedServer {
  readonly kubeconfig: string;
  /** What the server logged as an error or a warning; none is expected. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** The project's CRDs as they are on disk. */
export async function readCrds(): Promise<KubeObject[]> {
  const folder = join(import.meta.dirname, '../../crds');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  return Promise.all(files.map(async (file) => parse(await readFile(join(folder, file), 'utf8')) as KubeObject));
}

/** Starts it on the machine's clock, or with `now` (milliseconds since the epoch) standing still while timers run. */
export async function startEmbedded(time: { readonly now?: number } = {}): Promise<EmbeddedServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mdev-embedded-'));
  const { now } = time;
  const clock = now === undefined ? systemClock : { ...systemClock, now: () => now };
  const complaints: string[] = [];
  const complain = (fields: object, message: string): void => void complaints.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: () => undefined, info: () => undefined, warn: complain, error: complain };
  const server = await startApiServer({ dataDir, host: '127.0.0.1', port: 0, crds: await readCrds(), clock, log });
  return {
    kubeconfig: server.kubeconfigPath,
    complaints,
    stop: async () => {
      await server.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
