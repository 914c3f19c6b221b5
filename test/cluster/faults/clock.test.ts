import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runController } from '../../../src/controller/controller.ts';
import { runAgent } from '../../../src/agent/agent.ts';
import { HttpClient } from '../../../src/kube/http-client.ts';
import { leaseResource, type ObjectKey } from '../../../src/kube/resource.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { TestNode, uuidsOf } from '../../agent/harness.ts';
import { testProfile } from '../../agent/profiles.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { testLogger } from '../../agent/test-logger.ts';
import { Bench } from '../../controller/harness.ts';
import { comingsAndGoings, isReady } from './fault-site.ts';
import { leaseTiming } from './lease-timing.ts';

/** A wall clock that an administrator or a time server puts forward and back; what measures durations is not touched by that. */
let offset = 0;
const clock: Clock = { ...systemClock, now: () => Date.now() + offset };

let cluster: Cluster;
let node: TestNode;
const stop = new AbortController();
const running: Promise<void>[] = [];

beforeEach(async () => {
  cluster = await startCluster();
  node = await TestNode.boot(cluster, 'node', testProfile());
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  await node[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

function launch(identity: string): HttpClient {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const client = new HttpClient({ config, clock, userAgent: identity });
  const common = { client, clock, random: Math.random, log: testLogger(), adoptNamespaces: [] };
  running.push(runController({ ...common, identity, leaderElection: true, leaseTiming }, stop.signal).then(() => client.close()));
  return client;
}

it('a clock that jumps an hour forward and back loses no lease, and nothing is allocated or made again', async () => {
  const bench = Bench.on(cluster);
  const synced = Promise.withResolvers<undefined>();
  const agent = { client: cluster.client, provider: node.provider(), nodeName: node.name, dataDir: node.dataDir };
  const common = { clock, random: Math.random, log: testLogger(), adoptNamespaces: [], registerNode: true };
  running.push(runAgent({ ...agent, ...common, onSynced: () => synced.resolve(undefined) }, stop.signal));
  await synced.promise;
  launch('one');
  launch('two');
  await bench.create('before', { type: { id: 'mtty-1' } });
  const before = await bench.device('before', isReady);
  const seen = comingsAndGoings(node);
  const lease = async (key: ObjectKey): Promise<Record<string, unknown>> =>
    (await cluster.client.get(leaseResource, key, AbortSignal.timeout(5000)))?.['spec'] as Record<string, unknown>;
  const leader = { namespace: 'kube-system', name: 'mdev-controller' };
  const led = await lease(leader);
  const renewed = async (since: unknown): Promise<void> => {
    await expect.poll(async () => (await lease(leader))['renewTime'], { timeout: 10_000 }).not.toBe(since);
  };
  for (const jump of [3_600_000, -3_600_000, 0]) {
    const { renewTime } = await lease(leader);
    offset = jump;
    await renewed(renewTime);
    await bench.create(`at${jump}`, { type: { id: 'mtty-1' } });
    await bench.device(`at${jump}`, isReady);
  }
  const after = await lease(leader);
  expect([after['holderIdentity'], after['leaseTransitions']]).toEqual([led['holderIdentity'], led['leaseTransitions']]);
  const now = await bench.device('before', isReady);
  expect(now.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  expect(seen.filter((text) => text.startsWith('remove'))).toEqual([]);
  expect(uuidsOf(node.host)).toHaveLength(5);
});
