/** A node that is cut off, or whose Node object goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceFinalizer } from '../../../src/api/group.ts';
import type { MdevDevice } from '../../../src/api/mdev-device.ts';
import { deviceResource } from '../../../src/kube/resource.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { TestNode, uuidsOf } from '../../agent/harness.ts';
import { foreignUUID, testProfile } from '../../agent/profiles.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { ApiProxy } from './api-proxy.ts';
import { comingsAndGoings, FaultSite } from './fault-site.ts';

describe('a node', () => {
  const type = { id: 'mtty-1' };
  let cluster: Cluster;
  let proxy: ApiProxy;
  let site: FaultSite;
  let far: TestNode;

  beforeEach(async () => {
    cluster = await startCluster();
    proxy = await ApiProxy.start(cluster.kubeconfig);
    site = await FaultSite.start(cluster, ['near']);
    far = await TestNode.boot(cluster, 'far', testProfile());
    await far.start(far.provider(), proxy.client());
  });
  afterEach(async () => {
    await far[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  /** Applies a device for the far node; answers it once it is Ready. */
  async function readyOnFar(): Promise<MdevDevice> {
    await site.create(['device'], { type, nodeName: 'far' });
    const [device] = await site.ready(['device']);
    if (device === undefined) throw new Error('no device is Ready');
    return device;
  }

  /** As an administrator does who is sure that the node will not come back. Answers the replacement. */
  async function replaceOnNear(lost: MdevDevice): Promise<MdevDevice> {
    await site.bench.delete('device');
    const key = { namespace: 'default', name: 'device' };
    expect(lost.metadata.finalizers).toEqual([deviceFinalizer]);
    const signal = AbortSignal.timeout(10_000);
    await cluster.client.patch(deviceResource, key, 'merge', { metadata: { finalizers: null } }, {}, signal);
    await site.bench.gone('device');
    await site.create(['device'], { type, nodeName: 'near' });
    const [replacement] = await site.ready(['device']);
    if (replacement === undefined) throw new Error('no replacement is Ready');
    return replacement;
  }

  it('that was cut off for a moment while its device was replaced on another one leaves that alone when it comes back, and ends with its own, whose deletion it sees', async () => {
    const lost = await readyOnFar();
    // One failure each, and no answer to the next try: its watches then go on from where they were.
    const goOn = Promise.withResolvers<undefined>();
    proxy.fate = () => ({ kind: 'hold', until: goOn.promise });
    proxy.breakConnections();
    const replacement = await replaceOnNear(lost);
    const seen = comingsAndGoings(site.nodes[0] ?? far);
    expect(uuidsOf(far.host)).toEqual([foreignUUID, lost.status?.uuid ?? ''].sort());
    proxy.fate = () => undefined;
    goOn.resolve(undefined);
    await expect.poll(() => uuidsOf(far.host), { timeout: 15_000 }).toEqual([foreignUUID]);
    const [after] = await site.ready(['device']);
    expect(after?.metadata.resourceVersion).toBe(replacement.metadata.resourceVersion);
    expect(seen).toEqual([]);
    await site.whole([...site.nodes, far]);
  });

  it('that was cut off for longer keeps its own, whose deletion nobody tells it any more, and reports it as orphaned', async () => {
    const lost = await readyOnFar();
    const uuid = lost.status?.uuid ?? '';
    proxy.fate = () => ({ kind: 'cut' });
    proxy.breakConnections();
    const replacement = await replaceOnNear(lost);
    const seen = comingsAndGoings(site.nodes[0] ?? far);
    const tries = (): number => proxy.passed.filter(({ method, path }) => method === 'GET' && path.includes('/mdevdevices')).length;
    const before = tries();
    await expect.poll(tries, { timeout: 15_000 }).toBeGreaterThan(before + 1);
    proxy.fate = () => undefined;
    await far.parent('mtty', ({ status }) => status?.devices?.find((device) => device.uuid === uuid)?.orphaned === true);
    expect(uuidsOf(far.host)).toEqual([foreignUUID, uuid].sort());
    const [after] = await site.ready(['device']);
    expect(after?.metadata.resourceVersion).toBe(replacement.metadata.resourceVersion);
    expect(seen).toEqual([]);
    await site.whole();
  });
});
