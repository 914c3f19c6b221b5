/** The API server or its data go away, or back in time, while agents and controller run. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Cluster } from '../../agent/cluster.ts';
import { foreignUUID } from '../../agent/profiles.ts';
import { startControlPlane, type ControlPlane } from '../control-plane.ts';
import { uuidsOf } from '../../agent/harness.ts';
import { installCrds } from '../install-crds.ts';
import { empty } from '../real-cluster.ts';
import { comingsAndGoings, FaultSite } from './fault-site.ts';

let controlPlane: ControlPlane;
let cluster: Cluster;
let tries = 0;

beforeAll(async () => {
  controlPlane = await startControlPlane({ bin: inject('binaries') });
  await installCrds(controlPlane.kubeconfig);
  const kubeconfigPath = controlPlane.kubeconfig;
  cluster = new Cluster({ kubeconfigPath, close: () => controlPlane.stop() }, await mkdtemp(join(tmpdir(), 'faults-')));
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});
beforeEach(async () => {
  tries += 1;
  await empty(cluster);
});

const names = (count: number, prefix = 'd'): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}-${tries}`);

async function replaceData(replace: () => Promise<void>): Promise<void> {
  await controlPlane.apiServer.kill();
  await controlPlane.etcd.kill();
  await replace();
  await controlPlane.etcd.start();
  await controlPlane.apiServer.start();
}

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
    await controlPlane.apiServer.start();
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
    await replaceData(() => rm(controlPlane.etcdData, { recursive: true }));
    await installCrds(controlPlane.kubeconfig);
    const reported = await node.parent('mtty', ({ status }) => status?.devices?.length === 4);
    expect(reported.status?.devices?.filter(({ orphaned }) => orphaned === true)).toHaveLength(3);
    await site.whole();
    await site.create(all);
    const after = await site.ready(all);
    expect(after.map(({ status }) => status?.uuid)).toEqual(before.map(({ status }) => status?.uuid));
    expect(seen).toEqual([]);
    await site.whole();
  });

  it('was restored from an earlier snapshot, what it no longer knows stays as an orphan, and what it knows again is made again', async () => {
    await using site = await FaultSite.start(cluster, [`restored-${tries}`]);
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    const [kept = '', deleted = ''] = names(2);
    await site.create([kept, deleted]);
    const before = await site.ready([kept, deleted]);
    const snapshot = `${controlPlane.etcdData}-snapshot`;
    await replaceData(async () => {
      await rm(snapshot, { recursive: true, force: true });
      await cp(controlPlane.etcdData, snapshot, { recursive: true });
    });
    const [late = ''] = names(1, 'late');
    await site.create([late]);
    const [orphan] = await site.ready([late]);
    await site.bench.delete(deleted);
    await site.bench.gone(deleted);
    await replaceData(async () => {
      await rm(controlPlane.etcdData, { recursive: true });
      await cp(snapshot, controlPlane.etcdData, { recursive: true });
    });
    await node.parent('mtty', ({ status }) => status?.devices?.find(({ uuid }) => uuid === orphan?.status?.uuid)?.orphaned === true);
    await site.ready([kept, deleted]);
    await site.whole();
    const uuids = [...before, orphan].map((device) => device?.status?.uuid);
    expect(uuidsOf(node.host)).toEqual([foreignUUID, ...uuids].sort());
  });
});
