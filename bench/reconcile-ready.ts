import type { KubeClient, KubeObject } from '../src/kube/client.ts';
import { deviceResource, nodeResource, parentResource } from '../src/kube/resource.ts';
import { clientFor, waitForObjects } from '../test/support/cluster-client.ts';
import { startStandalone, temporaryDataDir } from '../test/support/standalone-process.ts';
import { inLanes, readyStatus } from './device-objects.ts';
import { freePort } from '../test/support/free-port.ts';
import { writesByResource } from './metrics-reader.ts';
import { startApiServerProcess } from './processes.ts';
import { bound, compare, median, type BenchResult } from './result.ts';

const count = 200;
const lanes = 16;
const profile = new URL('../test/profiles/many.yaml', import.meta.url).pathname;

function isReady({ status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
}

const allReady = (objects: ReadonlyMap<string, KubeObject>): boolean => objects.size === count && [...objects.values()].every(isReady);

/** From the first of 200 creates until the last device is Ready, through watch, in ms. */
async function timeToReady(client: KubeClient, create: (index: number) => Promise<void>): Promise<number> {
  const start = performance.now();
  const ready = waitForObjects(client, deviceResource, allReady, 120_000);
  await inLanes(count, lanes, create);
  await ready;
  return performance.now() - start;
}

async function deleteAll(client: KubeClient): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  await inLanes(count, lanes, (index) => client.delete(deviceResource, { namespace: 'default', name: `device-${index}` }, {}, signal));
  await waitForObjects(client, deviceResource, (objects) => objects.size === 0, 120_000);
}

/** The device itself, by user and bare client alike. */
function create(client: KubeClient, index: number): Promise<KubeObject> {
  const body = { metadata: { name: `device-${index}` }, spec: { type: { id: 'mtty-1' } } };
  return client.create(deviceResource, body, { namespace: 'default' }, AbortSignal.timeout(120_000));
}

/** The fewest writes that could do it: object, finalizer, allocation, status. One device's writes follow each other, devices go side by side. */
async function bareWrites(client: KubeClient, index: number): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  const key = { namespace: 'default', name: `device-${index}` };
  const status = (readyStatus(index) as { status: { allocation: object; conditions: object[] } }).status;
  const { allocation, conditions, ...rest } = status;
  await create(client, index);
  await client.patch(deviceResource, key, 'merge', { metadata: { finalizers: ['mediated.dev/device'] } }, {}, signal);
  await client.apply(
    deviceResource,
    key,
    { status: { allocation, conditions: conditions.slice(0, 1) } },
    { fieldManager: 'mdev-controller', force: true, subresource: 'status' },
    signal,
  );
  await client.apply(
    deviceResource,
    key,
    { status: { ...rest, conditions: conditions.slice(1) } },
    { fieldManager: 'mdev-agent', force: true, subresource: 'status' },
    signal,
  );
}

/** The watches that agent and controller hold, read and thrown away. */
function holdWatches(client: KubeClient, signal: AbortSignal): Promise<unknown> {
  const selected = [
    { resource: deviceResource, query: { fieldSelector: 'status.allocation.nodeName=node-1' } },
    { resource: deviceResource, query: {} },
    ...[parentResource, parentResource, nodeResource].map((resource) => ({ resource, query: {} })),
  ];
  return Promise.allSettled(
    selected.map(async ({ resource, query }) => {
      const { resourceVersion } = await client.list(resource, query, signal);
      await client.watch(resource, { ...query, resourceVersion, timeoutSeconds: 300 }, () => undefined, signal);
    }),
  );
}

/**
 * 200 devices applied until all are Ready, beside a bare client that only writes what had to be written, on the same API server
 * with the same watches held. Alternating, so that both meet the same noise.
 */
export async function reconcileReady(): Promise<readonly BenchResult[]> {
  const metricsPort = await freePort();
  const standalone = await startStandalone(await temporaryDataDir(), [
    '--profile',
    profile,
    '--metrics-listen',
    `127.0.0.1:${metricsPort}`,
  ]);
  await using server = await startApiServerProcess();
  const client = clientFor(standalone.kubeconfig);
  const bare = clientFor(server.kubeconfig);
  const stop = new AbortController();
  const watches = holdWatches(bare, stop.signal);
  const reconciled: number[] = [];
  const floor: number[] = [];
  const writes: { devices: number; parents: number }[] = [];
  for (let run = 0; run < 6; run++) {
    const before = await writesByResource(metricsPort);
    const time = await timeToReady(client, async (index) => {
      await create(client, index);
    });
    const after = await writesByResource(metricsPort);
    const grown = (resource: string): number => (after.get(resource) ?? 0) - (before.get(resource) ?? 0);
    await deleteAll(client);
    const bareTime = await timeToReady(bare, (index) => bareWrites(bare, index));
    await dropFinalizers(bare);
    await deleteAll(bare);
    // The first of each also warms up.
    if (run === 0) continue;
    reconciled.push(time);
    floor.push(bareTime);
    writes.push({ devices: grown('mdevdevices') / count + 1, parents: grown('mdevparents') + grown('events') });
  }
  stop.abort();
  await watches;
  await Promise.all([client.close(), bare.close()]);
  await standalone.end('SIGTERM');
  return [
    compare('reconcile.ready', median(reconciled), 'ms', median(floor), 1.5),
    bound('reconcile.writes', median(writes.map(({ devices }) => devices)), "writes per device, the user's included", 4),
    bound(
      'reconcile.parent_writes',
      median(writes.map(({ parents }) => parents)) / count,
      'writes to MdevParents and Events per device',
      0.25,
    ),
  ];
}

async function dropFinalizers(client: KubeClient): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  await inLanes(count, lanes, async (index) => {
    await client.patch(
      deviceResource,
      { namespace: 'default', name: `device-${index}` },
      'merge',
      { metadata: { finalizers: null } },
      {},
      signal,
    );
  });
}
