/** An API server for one test file, with the widgets in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, startApiServer } from '../../src/apiserver/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { widgetCrd } from './widgets.ts';

export interface TestServer {
  readonly server: ApiServer;
  readonly dataDir: string;
  /** What was logged as a warning or an error. */
  readonly complaints: string[];
  stop(): Promise<void>;
}

export async function startTestServer(): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mdev-apiserver-'));
  const complaints: string[] = [];
  const complain = (fields: object, message: string): void => {
    complaints.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log = { info: () => undefined, warn: complain, error: complain };
  const server = await startApiServer({ dataDir, host: '127.0.0.1', port: 0, crds: [widgetCrd()], clock: systemClock, log });
  return {
    server,
    dataDir,
    complaints,
    async stop() {
      await server.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
