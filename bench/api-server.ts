// The embedded API server alone, as a process of its own: `node bench/api-server.ts DIR` serves until SIGTERM.
import { readdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { parse } from 'yaml';
import type { KubeObject } from '../src/apiserver/object.ts';
import { startApiServer } from '../src/apiserver/server.ts';
import { systemClock } from '../src/lib/clock.ts';

const [, , dataDir = ''] = process.argv;
const folder = new URL('../crds/', import.meta.url);
const crds = await Promise.all(
  (await readdir(folder)).map(async (name) => parse(await readFile(new URL(name, folder), 'utf8')) as KubeObject),
);
const ignore = (): void => undefined;
const server = await startApiServer({
  dataDir,
  host: '127.0.0.1',
  port: 0,
  crds,
  clock: systemClock,
  log: { info: ignore, warn: ignore, error: console.error },
});
process.send?.(server.kubeconfigPath);
await once(process, 'SIGTERM');
await server.close();
process.exit();
