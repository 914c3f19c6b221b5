import { deviceResource } from '../src/kube/resource.ts';
import { clientFor, waitForObjects } from '../test/support/cluster-client.ts';
import { startStandalone, temporaryDataDir } from '../test/support/standalone-process.ts';
import { inLanes } from './device-objects.ts';
import { freePort } from '../test/support/free-port.ts';
import { total, writesByResource } from './metrics-reader.ts';
import { bound, type BenchResult } from './result.ts';

const count = 200;
const idleFor = 30_000;
const profile = new URL('../test/profiles/many.yaml', import.meta.url).pathname;

/** API writes but Leases in 30 s with 200 Ready devices and nothing going on. */
export async function idleWrites(): Promise<readonly BenchResult[]> {
  const metricsPort = await freePort();
  const standalone = await startStandalone(await temporaryDataDir(), [
    '--profile',
    profile,
    '--metrics-listen',
    `127.0.0.1:${metricsPort}`,
  ]);
  const client = clientFor(standalone.kubeconfig);
  const signal = AbortSignal.timeout(120_000);
  await inLanes(count, 16, async (index) => {
    await client.create(
      deviceResource,
      { metadata: { name: `device-${index}` }, spec: { type: { id: 'mtty-1' } } },
      { namespace: 'default' },
      signal,
    );
  });
  await waitForObjects(
    client,
    deviceResource,
    (objects) => [...objects.values()].every(({ status }) => JSON.stringify(status ?? {}).includes('"type":"Ready","status":"True"')),
    60_000,
  );
  await client.close();
  // What the last device set going (its parent's status) is still part of the work, not of the idling.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const before = total(await writesByResource(metricsPort));
  await new Promise((resolve) => setTimeout(resolve, idleFor));
  const after = total(await writesByResource(metricsPort));
  await standalone.end('SIGTERM');
  return [bound('idle.writes', after - before, 'writes in 30 s', 0)];
}
