import { afterEach, beforeEach, expect, it } from 'vitest';
import { findCondition } from '../../../src/api/condition.ts';
import { mdevDeviceSchema, type MdevDevice } from '../../../src/api/mdev-device.ts';
import { deviceResource, namespaceResource } from '../../../src/kube/resource.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { foreignUUID } from '../../agent/profiles.ts';
import { uuidsOf } from '../../agent/harness.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { waitForObjects } from '../../support/cluster-client.ts';
import { FaultSite, isReady } from './fault-site.ts';

const uuid = '12345678-1234-1234-1234-123456789abc';
let cluster: Cluster;
let site: FaultSite;

beforeEach(async () => {
  cluster = await startCluster();
  site = await FaultSite.start(cluster, ['node-1', 'node-2']);
});
afterEach(async () => {
  await site[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Waits until the object is as it should be. */
async function until(key: string, predicate: (device: MdevDevice) => boolean): Promise<void> {
  const met = (object: unknown): boolean => object !== undefined && predicate(mdevDeviceSchema.parse(object));
  await waitForObjects(cluster.client, deviceResource, (objects) => met(objects.get(key)), 20_000);
}

it('one UUID in two namespaces and for two nodes is made once, for the older object, and moves to the other when that goes', async () => {
  const signal = AbortSignal.timeout(10_000);
  await cluster.client.create(namespaceResource, { metadata: { name: 'other' } }, {}, signal);
  await site.bench.create('twin', { type: { id: 'mtty-1' }, uuid, nodeName: 'node-1' });
  await until('default/twin', isReady);
  const spec = { type: { id: 'mtty-1' }, uuid: uuid.toUpperCase(), nodeName: 'node-2' };
  await cluster.client.create(deviceResource, { metadata: { name: 'twin' }, spec }, { namespace: 'other' }, signal);
  await until('other/twin', ({ status }) => findCondition(status?.conditions, 'Ready')?.reason === 'UUIDConflict');
  const found = (): string[][] => site.nodes.map(({ host }) => uuidsOf(host));
  expect(found()).toEqual([[foreignUUID, uuid], [foreignUUID]]);
  await site.whole();
  await site.bench.delete('twin');
  await until('other/twin', isReady);
  expect(found()).toEqual([[foreignUUID], [foreignUUID, uuid]]);
  await site.whole();
});
