/** The API server goes back in time, or loses all, with deletions under way. */
import { cp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listOwned } from '../../../src/agent/admin.ts';
import { findCondition } from '../../../src/api/condition.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { foreignUUID } from '../../agent/profiles.ts';
import { uuidsOf, type TestNode } from '../../agent/harness.ts';
import type { ControlPlane } from '../control-plane.ts';
import { empty } from '../real-cluster.ts';
import { comingsAndGoings, FaultSite } from './fault-site.ts';
import { replaceData, startOwnControlPlane } from './own-control-plane.ts';

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

async function takeSnapshot(): Promise<void> {
  await replaceData(controlPlane, async () => {
    await rm(snapshot(), { recursive: true, force: true });
    await cp(controlPlane.etcdData, snapshot(), { recursive: true });
  });
}

async function restore(): Promise<void> {
  await replaceData(controlPlane, async () => {
    await rm(controlPlane.etcdData, { recursive: true });
    await cp(snapshot(), controlPlane.etcdData, { recursive: true });
  });
}

function snapshot(): string {
  return `${controlPlane.etcdData}-snapshot`;
}

/** Deletes an object whose device somebody has open, and waits until its agent has taken note of that. */
async function deleteInUse(site: FaultSite, node: TestNode, name: string, uuid: string): Promise<AsyncDisposable> {
  const user = await node.host.holdOpen(uuid, { pid: 4711, comm: 'qemu' });
  await site.bench.delete(name);
  await node.device(name, ({ status }) => findCondition(status?.conditions, 'Created')?.reason === 'Removing');
  return user;
}

describe('when the API server', () => {
  it('was restored from an earlier snapshot, what it no longer knows stays as an orphan, and what it knows again is made again', async () => {
    await using site = await FaultSite.start(cluster, [`restored-${tries}`]);
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    const [kept = '', deleted = ''] = names(2);
    await site.create([kept, deleted]);
    const before = await site.ready([kept, deleted]);
    await takeSnapshot();
    const [late = ''] = names(1, 'late');
    await site.create([late]);
    const [orphan] = await site.ready([late]);
    await site.bench.delete(deleted);
    await site.bench.gone(deleted);
    await restore();
    await node.parent('mtty', ({ status }) => status?.devices?.find(({ uuid }) => uuid === orphan?.status?.uuid)?.orphaned === true);
    await site.ready([kept, deleted]);
    await site.whole();
    const uuids = [...before, orphan].map((device) => device?.status?.uuid);
    expect(uuidsOf(node.host)).toEqual([foreignUUID, ...uuids].sort());
  });

  it('was restored from before a deletion that waited for the device to be closed, the device stays also when it is closed', async () => {
    await using site = await FaultSite.start(cluster, [`kept-${tries}`]);
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    const [name = ''] = names(1);
    await site.create([name]);
    const [before] = await site.ready([name]);
    const uuid = before?.status?.uuid ?? '';
    await takeSnapshot();
    const user = await deleteInUse(site, node, name, uuid);
    const seen = comingsAndGoings(node);
    await restore();
    const record = async (): Promise<unknown> => (await listOwned(node.dataDir)).find((owned) => owned.uuid === uuid);
    await expect.poll(record, { timeout: 20_000 }).toMatchObject({ record: { step: 'ready', deletionSeen: false } });
    await user[Symbol.asyncDispose]();
    await site.ready([name]);
    await site.whole();
    expect(seen).toEqual([]);
  });

  it('was emptied after a deletion that waited for the device to be closed, the device goes then, and is made once for a new object', async () => {
    await using site = await FaultSite.start(cluster, [`gone-${tries}`]);
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    const [name = ''] = names(1);
    await site.create([name]);
    const [before] = await site.ready([name]);
    const uuid = before?.status?.uuid ?? '';
    const user = await deleteInUse(site, node, name, uuid);
    const seen = comingsAndGoings(node);
    await replaceData(controlPlane, () => rm(controlPlane.etcdData, { recursive: true }));
    await site.create([name]);
    expect(seen).toEqual([]);
    await user[Symbol.asyncDispose]();
    await site.ready([name]);
    await site.whole();
    expect(seen.filter((text) => text.startsWith('remove'))).toEqual([`remove ${uuid}`]);
    expect(seen.filter((text) => text.startsWith('add'))).toHaveLength(1);
  });
});
