/** The API server goes away or is paused, or loses its data, while agents and controller run. */
import { rm } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HttpClient } from '../../../src/kube/http-client.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Cluster } from '../../agent/cluster.ts';
import type { ControlPlane } from '../control-plane.ts';
import { empty } from '../real-cluster.ts';
import { Contender } from './contender.ts';
import { comingsAndGoings, FaultSite } from './fault-site.ts';
import { replaceData, startAgain, startOwnControlPlane } from './own-control-plane.ts';

let controlPlane: ControlPlane;
let cluster: Cluster;
let tries = 0;

beforeAll(async () => {
  ({ controlPlane, cluster } = await startOwnControlPlane());
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});
beforeEach(async () => {
  tries += 1;
  await empty(cluster);
});

const names = (count: number, prefix = 'd'): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}-${tries}`);

describe('when the API server', () => {
  it('is killed and comes back, what was applied is made once, what was deleted goes once, and repairs go on meanwhile', async () => {
    await using site = await FaultSite.start(cluster, [`killed-${tries}`]);
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    const first = names(4);
    await site.create(first);
    const [device] = await site.ready(first);
    await controlPlane.apiServer.kill();
    const seen = comingsAndGoings(node);
    await node.host.removeByHand(device?.status?.uuid ?? '');
    await expect
      .poll(() => seen, { timeout: 10_000 })
      .toEqual(['remove', 'add'].map((action) => `${action} ${device?.status?.uuid ?? ''}`));
    await startAgain(controlPlane);
    const second = names(4, 'e');
    await site.create(second);
    await site.bench.delete(first[1] ?? '');
    await site.ready([...first.filter((_, index) => index !== 1), ...second]);
    await site.bench.gone(first[1] ?? '');
    await site.whole();
  });

  it('was emptied, no device goes: all are reported as orphaned, and found again when their objects are applied again', async () => {
    await using site = await FaultSite.start(cluster, [`emptied-${tries}`]);
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    const all = names(3);
    await site.create(all);
    const before = await site.ready(all);
    const seen = comingsAndGoings(node);
    await replaceData(controlPlane, () => rm(controlPlane.etcdData, { recursive: true }));
    await node.parent('mtty', ({ status }) => status?.devices?.filter(({ orphaned }) => orphaned === true).length === 3);
    await site.whole();
    await site.create(all);
    const after = await site.ready(all);
    expect(after.map(({ status }) => status?.uuid)).toEqual(before.map(({ status }) => status?.uuid));
    expect(seen).toEqual([]);
    await site.whole();
  });

  it('is paused for longer than agents wait, and then does what they have given up, all is made once and repairs go on meanwhile', async () => {
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    let givenUp = 0;
    const onRequest = ({ code }: { code: number }): void => void (givenUp += code === 0 ? 1 : 0);
    const client = new HttpClient({ config, clock: systemClock, userAgent: 'agent', requestTimeout: 500, onRequest });
    await using site = await FaultSite.start(cluster, [`paused-${tries}`], { agentClient: client });
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    const first = names(4);
    await site.create(first);
    const [device] = await site.ready(first);
    const second = names(4, 'e');
    await site.create(second);
    controlPlane.apiServer.freeze();
    try {
      const seen = comingsAndGoings(node);
      await node.host.removeByHand(device?.status?.uuid ?? '');
      await expect.poll(() => seen, { timeout: 10_000 }).toContain(`add ${device?.status?.uuid ?? ''}`);
      await expect.poll(() => givenUp, { timeout: 15_000 }).toBeGreaterThan(2);
    } finally {
      controlPlane.apiServer.thaw();
    }
    await site.bench.delete(first[1] ?? '');
    await site.ready([...first.filter((_, index) => index !== 1), ...second]);
    await site.bench.gone(first[1] ?? '');
    await site.whole();
    await node.stop();
    await client.close();
  });

  it('is paused for longer than a term, the leader stops leading, one of two leads afterwards, and nothing has moved', async () => {
    await using site = await FaultSite.start(cluster, [`led-${tries}`], { controller: false });
    await using first = await Contender.launch(cluster, `first-${tries}`);
    await first.leads();
    await using second = await Contender.launch(cluster, `second-${tries}`);
    await site.create(names(4));
    const before = await site.ready(names(4));
    controlPlane.apiServer.freeze();
    try {
      await first.leadsNoMore();
    } finally {
      controlPlane.apiServer.thaw();
    }
    await expect.poll(() => first.isLeading || second.isLeading, { timeout: 20_000 }).toBe(true);
    await site.create(names(4, 'e'));
    const after = await site.ready([...names(4), ...names(4, 'e')]);
    expect([first.isLeading, second.isLeading].filter(Boolean)).toHaveLength(1);
    const allocations = (devices: typeof after): unknown[] => devices.map(({ status }) => status?.allocation);
    expect(allocations(after.slice(0, 4))).toEqual(allocations(before));
    await site.whole();
  });
});
