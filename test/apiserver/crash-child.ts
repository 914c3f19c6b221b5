/** Serves a data directory until it is killed; the test that starts it is crash.test.ts. */
import { startApiServer } from '../../src/apiserver/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { widgetCrd } from './widgets.ts';

const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error('usage: crash-child.ts DIRECTORY');
const complain = (fields: object, message: string): void => {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
};
const server = await startApiServer({
  dataDir,
  host: '127.0.0.1',
  port: 0,
  crds: [widgetCrd()],
  clock: systemClock,
  log: { info: () => undefined, warn: complain, error: complain },
});
process.stdout.write(`${server.url}\n`);
