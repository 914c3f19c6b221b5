/** A node that is cut off, or whose Node object goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceFinalizer } from '../../../src/api/group.ts';
import { deviceResource } from '../../../src/kube/resource.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { TestNode, uuidsOf } from '../../agent/harness.ts';
import { foreignUUID, testProfile } from '../../agent/profiles.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { ApiProxy } from './api-proxy.ts';
import { comingsAndGoings, FaultSite } from './fault-site.ts';

describe('a node', () => {
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

  it('that was cut off while its device was replaced on another one leaves that alone when it comes back, and ends with its own, whose deletion it sees', async () => {
    const signal = AbortSignal.timeout(10_000);
    const type = { id: 'mtty-1' };
    await site.create(['device'], { type, nodeName: 'far' });
    const [lost] = await site.ready(['device']);
    const uuid = lost?.status?.uuid ?? '';
    proxy.fate = () => ({ kind: 'cut' });
    proxy.breakConnections();
    // As an administrator does who is sure that the node will not come back.
    await site.bench.delete('device');
    const key = { namespace: 'default', name: 'device' };
    expect(lost?.metadata.finalizers).toEqual([deviceFinalizer]);
    await cluster.client.patch(deviceResource, key, 'merge', { metadata: { finalizers: null } }, {}, signal);
    await site.bench.gone('device');
    await site.create(['device'], { type, nodeName: 'near' });
    const [replacement] = await site.ready(['device']);
    const seen = comingsAndGoings(site.nodes[0] ?? far);
    expect(uuidsOf(far.host)).toEqual([foreignUUID, uuid].sort());
    proxy.fate = () => undefined;
    await expect.poll(() => uuidsOf(far.host), { timeout: 15_000 }).toEqual([foreignUUID]);
    const [after] = await site.ready(['device']);
    expect(after?.metadata.resourceVersion).toBe(replacement?.metadata.resourceVersion);
    expect(seen).toEqual([]);
    await site.whole([...site.nodes, far]);
  });
});
