import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findCondition } from '../../src/api/condition.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import type { Cluster } from './cluster.ts';
import { TestNode, uuidsOf } from './harness.ts';
import { startCluster } from './start-cluster.ts';
import { foreignUUID, gpu, gvt, matrix, testProfile } from './profiles.ts';

describe('the agent', () => {
  let cluster: Cluster;
  let node: TestNode;
  let nodes = 0;
  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.client.create(
      { group: '', version: 'v1', plural: 'namespaces', namespaced: false, kind: 'Namespace' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'adopters' } },
      {},
      AbortSignal.timeout(5000),
    );
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    nodes += 1;
    node = await TestNode.boot(cluster, `life-${nodes}`, testProfile(), ['adopters']);
    await node.start();
  });
  afterEach(async () => {
    await node[Symbol.asyncDispose]();
  });

  /** A name of its own for each test: the cluster is shared. */
  const named = (name: string): string => `${name}-${nodes}`;

  it('makes a device, says everything of it in one status write, and takes it away again', async () => {
    const before = await node.create({ name: named('vgpu'), parent: gpu, type: 'nvidia-11' });
    const device = await node.ready(named('vgpu'), 'Ready');
    expect(uuidsOf(node.host)).toContain(device.status?.uuid);
    expect(device.status).toMatchObject({ deviceAPI: 'vfio-pci', vfio: { bootID: node.host.bootID } });
    expect(device.status?.conditions?.map(({ type, status }) => `${type}=${status}`).sort()).toEqual([
      'Created=True',
      'InUse=False',
      'Online=True',
      'Ready=True',
    ]);
    expect(Number(device.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
    await node.delete(named('vgpu'));
    await node.gone(named('vgpu'));
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
  });

  it('counts down what remains of a pool and up again', async () => {
    const small = 'i915-GVTg_V5_8';
    await node.remaining(gvt, `${small}=8 i915-GVTg_V5_4=4 i915-GVTg_V5_2=2`);
    await node.create({ name: named('big'), parent: gvt, type: 'i915-GVTg_V5_2' });
    await node.remaining(gvt, `${small}=4 i915-GVTg_V5_4=2 i915-GVTg_V5_2=1`);
    await node.create({ name: named('small'), parent: gvt, type: small });
    const parent = await node.remaining(gvt, `${small}=3 i915-GVTg_V5_4=1 i915-GVTg_V5_2=0`);
    expect(parent.status?.supportedTypes?.find(({ id }) => id === 'i915-GVTg_V5_2')?.reason).toBeTruthy();
    expect(parent.status?.devices?.map(({ owner }) => owner?.name).sort()).toEqual([named('big'), named('small')]);
    await node.delete(named('big'));
    await node.delete(named('small'));
    await node.remaining(gvt, `${small}=8 i915-GVTg_V5_4=4 i915-GVTg_V5_2=2`);
  });

  it('lets a waiting device in when a sibling goes', async () => {
    for (const name of ['a', 'b', 'c']) await node.create({ name: named(name), parent: gpu, type: 'nvidia-11' });
    for (const name of ['a', 'b', 'c']) await node.ready(named(name), 'Ready');
    await node.create({ name: named('d'), parent: gpu, type: 'nvidia-11' });
    const waiting = await node.ready(named('d'), 'NoCapacity');
    expect(findCondition(waiting.status?.conditions, 'Created')).toMatchObject({ status: 'False', reason: 'NoCapacity' });
    await node.delete(named('b'));
    await node.ready(named('d'), 'Ready');
  });

  it('writes attributes in their order', async () => {
    const attributes = [
      { name: 'assign_adapter', value: '5' },
      { name: 'assign_domain', value: '4' },
      { name: 'unassign_adapter', value: '5' },
      { name: 'assign_adapter', value: '6' },
    ];
    await node.create({ name: named('ap'), parent: matrix, type: 'vfio_ap-passthrough', spec: { attributes } });
    const device = await node.ready(named('ap'), 'Ready');
    const written = await node.provider().readAttributes(device.status?.uuid ?? '', AbortSignal.timeout(1000));
    expect(written.find(({ name }) => name === 'matrix')?.value).toBe('06.0004');
  });

  it('rolls a device back whose attribute the driver refuses, and says which', async () => {
    const attributes = [
      { name: 'assign_adapter', value: '5' },
      { name: 'assign_domain', value: '99' },
    ];
    await node.create({ name: named('bad'), parent: matrix, type: 'vfio_ap-passthrough', spec: { attributes } });
    const device = await node.ready(named('bad'), 'AttributeFailed');
    expect(findCondition(device.status?.conditions, 'Created')?.message).toContain('assign_domain (number 2)');
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
    await node.delete(named('bad'));
    await node.gone(named('bad'));
  });

  it('makes a device again that was removed by hand, under its UUID, and tells of it', async () => {
    await node.create({ name: named('lost'), parent: gpu, type: 'nvidia-11' });
    const { status } = await node.ready(named('lost'), 'Ready');
    const uuid = status?.uuid ?? '';
    const removed = Promise.withResolvers<undefined>();
    const back = Promise.withResolvers<undefined>();
    const unsubscribe = node.host.bus.uevents.subscribe((event) => {
      if (event.uuid !== uuid) return;
      if (event.action === 'remove') removed.resolve(undefined);
      if (event.action === 'bind') back.resolve(undefined);
    });
    await node.host.removeByHand(uuid);
    await Promise.all([removed.promise, back.promise]);
    unsubscribe();
    expect(uuidsOf(node.host)).toContain(uuid);
    await node.ready(named('lost'), 'Ready');
    await node.event('DeviceLost', named('lost'));
  });

  it('reports foreign devices without owner and leaves them alone', async () => {
    const parent = await node.parent('mtty', ({ status }) => status?.devices?.length === 1);
    expect(parent.status?.devices).toEqual([{ uuid: foreignUUID, typeID: 'mtty-1' }]);
    await node.create({ name: named('thief'), parent: 'mtty', type: 'mtty-1', spec: { uuid: foreignUUID } });
    await node.ready(named('thief'), 'ForeignDevice');
    await node.delete(named('thief'));
    await node.gone(named('thief'));
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
  });

  it('adopts a foreign device where that is allowed, and retains it', async () => {
    const spec = { uuid: foreignUUID, adopt: true };
    await node.create({ name: named('no'), parent: 'mtty', type: 'mtty-1', spec });
    await node.ready(named('no'), 'AdoptNotAllowed');
    await node.delete(named('no'));
    await node.gone(named('no'));
    await node.create({ name: named('yes'), namespace: 'adopters', parent: 'mtty', type: 'mtty-1', spec });
    const device = await node.device(
      named('yes'),
      ({ status }) => findCondition(status?.conditions, 'Ready')?.status === 'True',
      'adopters',
    );
    expect(findCondition(device.status?.conditions, 'Created')?.reason).toBe('Adopted');
    await node.parent('mtty', ({ status }) => status?.devices?.[0]?.owner?.name === named('yes'));
    await node.delete(named('yes'), 'adopters');
    await node.gone(named('yes'), 'adopters');
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
    await node.parent('mtty', ({ status }) => status?.devices?.[0]?.owner === undefined);
  });

  it('retains a device and reports it without owner', async () => {
    await node.create({ name: named('kept'), parent: gpu, type: 'nvidia-11', spec: { reclaimPolicy: 'Retain' } });
    const { status } = await node.ready(named('kept'), 'Ready');
    await node.delete(named('kept'));
    await node.gone(named('kept'));
    expect(uuidsOf(node.host)).toContain(status?.uuid);
    await node.parent(gpu, (parent) => parent.status?.devices?.length === 1 && parent.status.devices[0]?.owner === undefined);
  });

  it('waits for the users of a device that is to go, and names them', async () => {
    await node.create({ name: named('busy'), parent: gpu, type: 'nvidia-11' });
    const { status } = await node.ready(named('busy'), 'Ready');
    const open = await node.host.holdOpen(status?.uuid ?? '', { pid: 4711, comm: 'qemu' });
    await node.delete(named('busy'));
    const device = await node.ready(named('busy'), 'Deleting');
    expect(findCondition(device.status?.conditions, 'InUse')).toMatchObject({ status: 'True', message: 'qemu (4711)' });
    expect(device.status?.users).toEqual([{ pid: 4711, comm: 'qemu' }]);
    await open.release();
    await node.gone(named('busy'));
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
  });

  it('sees that a device was opened and closed, though no kernel announces it', async () => {
    await node.create({ name: named('seen'), parent: gpu, type: 'nvidia-11' });
    const { status } = await node.ready(named('seen'), 'Ready');
    const inUse = (value: string) => (device: { status?: typeof status | undefined }) =>
      findCondition(device.status?.conditions, 'InUse')?.status === value;
    const open = await node.host.holdOpen(status?.uuid ?? '', { pid: 4711, comm: 'qemu' });
    const opened = await node.device(named('seen'), inUse('True'));
    expect(findCondition(opened.status?.conditions, 'Ready')?.status).toBe('True');
    await open.release();
    await node.device(named('seen'), inUse('False'));
  });

  it('switches a device off and on again', async () => {
    await node.create({ name: named('off'), parent: gpu, type: 'nvidia-11', spec: { online: false } });
    const { status } = await node.ready(named('off'), 'Offline');
    expect(node.host.bus.device(status?.uuid ?? '')?.online).toBe(false);
    const { client } = cluster;
    await client.patch(
      deviceResource,
      { namespace: 'default', name: named('off') },
      'merge',
      { spec: { online: true } },
      {},
      AbortSignal.timeout(5000),
    );
    await node.ready(named('off'), 'Ready');
    expect(node.host.bus.device(status?.uuid ?? '')?.online).toBe(true);
  });

  it('puts the devices of a group into one IOMMU group', async () => {
    for (const name of ['left', 'right'])
      await node.create({ name: named(name), parent: gpu, type: 'nvidia-11', spec: { group: `vm-${nodes}` } });
    const left = await node.ready(named('left'), 'Ready');
    const right = await node.ready(named('right'), 'Ready');
    const groupOf = (uuid: string | undefined): number | undefined => node.host.bus.device(uuid ?? '')?.group;
    expect(groupOf(left.status?.uuid)).toBe(groupOf(right.status?.uuid));
    await node.device(named('left'), ({ status }) => status?.vfio?.group === groupOf(left.status?.uuid));
    await node.device(named('right'), ({ status }) => status?.vfio?.group === groupOf(left.status?.uuid));
  });

  it('makes nothing while an allocation is withdrawn, and says so', async () => {
    await node.create({ name: named('back'), parent: gpu, type: 'nvidia-11' });
    await node.ready(named('back'), 'Ready');
    await node.allocate(named('back'), { parent: gpu, type: 'nvidia-11', withdrawn: true });
    const device = await node.ready(named('back'), 'Withdrawn');
    expect(findCondition(device.status?.conditions, 'Created')).toMatchObject({ status: 'False', reason: 'Withdrawn' });
    expect(device.status?.vfio).toBeUndefined();
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
  });

  it('keeps the object of a parent that goes, and makes the devices again when it comes back', async () => {
    await node.create({ name: named('stays'), parent: gpu, type: 'nvidia-11' });
    await node.ready(named('stays'), 'Ready');
    await node.host.unloadParent(gpu);
    await node.parent(gpu, ({ status }) => findCondition(status?.conditions, 'Present')?.reason === 'Absent');
    await node.ready(named('stays'), 'ParentAbsent');
    await node.host.loadParent(gpu);
    await node.parent(gpu, ({ status }) => findCondition(status?.conditions, 'Present')?.status === 'True');
    await node.ready(named('stays'), 'Ready');
  });

  it('says that a parent leaves while a device of it is open, and makes the device anew when the parent is back', async () => {
    await node.create({ name: named('held'), parent: gpu, type: 'nvidia-11' });
    const { status } = await node.ready(named('held'), 'Ready');
    const open = await node.host.holdOpen(status?.uuid ?? '', { pid: 4711, comm: 'qemu' });
    const unloaded = node.host.unloadParent(gpu);
    await node.parent(gpu, (parent) => findCondition(parent.status?.conditions, 'Present')?.reason === 'Leaving');
    await node.ready(named('held'), 'Removing');
    await open.release();
    await unloaded;
    await node.parent(gpu, (parent) => findCondition(parent.status?.conditions, 'Present')?.reason === 'Absent');
    await node.ready(named('held'), 'ParentAbsent');
    await node.host.loadParent(gpu);
    await node.ready(named('held'), 'Ready');
  });

  it('lets the older of two objects with one UUID have it, and the other when that goes', async () => {
    const spec = { uuid: 'ABCDEF00-0000-4000-8000-000000000001' };
    await node.create({ name: named('older'), parent: gpu, type: 'nvidia-11', spec });
    await node.ready(named('older'), 'Ready');
    await node.create({ name: named('younger'), parent: gpu, type: 'nvidia-11', spec });
    await node.ready(named('younger'), 'UUIDConflict');
    await node.delete(named('older'));
    await node.gone(named('older'));
    const younger = await node.ready(named('younger'), 'Ready');
    expect(younger.status?.uuid).toBe('abcdef00-0000-4000-8000-000000000001');
  });
});
