import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCondition } from '../../src/api/condition.ts';
import { mdevDeviceSetSchema, type MdevDeviceSet } from '../../src/api/mdev-device-set.ts';
import type { MdevDevice } from '../../src/api/mdev-device.ts';
import { parseProfile } from '../../src/emulator/profile.ts';
import type { WatchEvent } from '../../src/kube/client.ts';
import { deviceResource, deviceSetResource, nodeResource } from '../../src/kube/resource.ts';
import { waitFor } from '../agent/agent-node.ts';
import { type TestNode, uuidsOf } from '../agent/harness.ts';
import { kubectl, kubectlOk } from '../support/kubectl.ts';
import { type Bench, isReady, startTwoNodes, type TwoNodes } from './harness.ts';

const patience = 15_000;
const profile = parseProfile(`
parents:
  - name: mtty
    model: mtty
    ports: 6
`);

/** The reasons of a set's conditions, Ready first, if they are of its last generation. */
function reasonsOf(set: MdevDeviceSet): string | undefined {
  const conditions = ['Ready', 'Progressing'].map((type) => findCondition(set.status?.conditions, type));
  if (conditions.some((each) => each?.observedGeneration !== set.metadata.generation)) return undefined;
  return conditions.map((each) => each?.reason).join(' ');
}

function messageOf(set: MdevDeviceSet, type: string): string {
  return findCondition(set.status?.conditions, type)?.message ?? '';
}

describe('a controller with sets', () => {
  let nodes: TwoNodes;
  let bench: Bench;
  let one: TestNode;
  let two: TestNode;

  beforeEach(async () => {
    nodes = await startTwoNodes(profile);
    ({ bench, one, two } = nodes);
  });

  afterEach(async () => {
    await nodes[Symbol.asyncDispose]();
  });

  const create = async (name: string, spec: object): Promise<void> => {
    const body = { metadata: { name, namespace: 'default' }, spec: { template: { spec: { type: { id: 'mtty-1' } } }, ...spec } };
    await bench.cluster.client.create(deviceSetResource, body, { namespace: 'default' }, AbortSignal.timeout(patience));
  };
  const patch = async (name: string, spec: object): Promise<void> => {
    const key = { namespace: 'default', name };
    await bench.cluster.client.patch(deviceSetResource, key, 'merge', { spec }, {}, AbortSignal.timeout(patience));
  };
  const until = async (name: string, predicate: (set: MdevDeviceSet) => boolean): Promise<MdevDeviceSet> => {
    const read = (object: unknown): MdevDeviceSet => mdevDeviceSetSchema.parse(object);
    const met = (set: MdevDeviceSet | undefined): boolean => set !== undefined && predicate(set);
    const found = await waitFor(bench.cluster.client, deviceSetResource, `default/${name}`, read, met, patience);
    if (found === undefined) throw new Error(`There is no MdevDeviceSet ${name}`);
    return found;
  };
  const complete = (name: string): Promise<MdevDeviceSet> => until(name, (set) => reasonsOf(set) === 'Ready Complete');
  const names = async (): Promise<string[]> => (await bench.devices()).map(({ metadata }) => metadata.name).sort();
  const uids = async (): Promise<Record<string, string | undefined>> =>
    Object.fromEntries((await bench.devices()).map(({ metadata }) => [metadata.name, metadata.uid]));
  const typed = (...args: string[]): Promise<string> => kubectlOk(bench.cluster.kubeconfig, args);
  const nodePatch = async (name: string, body: object): Promise<void> => {
    await bench.cluster.client.patch(nodeResource, { name }, 'merge', body, {}, AbortSignal.timeout(patience));
  };

  it('make replicas Ready, follow kubectl scale, and tell in kubectl get', async () => {
    await create('s', { replicas: 2 });
    const set = await complete('s');
    expect(set.status).toMatchObject({
      desiredReplicas: 2,
      replicas: 2,
      readyReplicas: 2,
      updatedReplicas: 2,
      unavailableReplicas: 0,
      selector: 'mediated.dev/set=s',
    });
    expect(await names()).toEqual(['s-0', 's-1']);
    await typed('scale', 'mdevset/s', '--replicas=4', '--current-replicas=2');
    await complete('s');
    expect(await names()).toEqual(['s-0', 's-1', 's-2', 's-3']);
    const refused = await kubectl(bench.cluster.kubeconfig, ['scale', 'mdevset/s', '--replicas=1', '--current-replicas=2']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Expected replicas to be 2, was 4') as string });
    await typed('scale', 'mdevset', 's', '--replicas=1');
    await complete('s');
    await bench.gone('s-1');
    expect(await names()).toEqual(['s-0']);
    expect((await typed('get', 'mdevset')).split('\n').map((line) => line.split(/ +/).slice(0, 5))).toEqual([
      ['NAME', 'DESIRED', 'CURRENT', 'READY', 'UPDATED'],
      ['s', '1', '1', '1', '1'],
      [''],
    ]);
    expect(await typed('get', 'mdev', '-l', 'mediated.dev/set=s', '-o', 'name')).toBe('mdevdevice.mediated.dev/s-0\n');
  });

  it('say what devices lack, and whose names are taken', async () => {
    await bench.create('s-1', { type: { id: 'mtty-1' } });
    await create('s', { replicas: 3, template: { spec: { type: { id: 'mtty-9' } } } });
    const set = await until('s', (seen) => messageOf(seen, 'Ready').includes('2 are without a place'));
    expect(reasonsOf(set)).toBe('DevicesNotReady NameTaken');
    expect(messageOf(set, 'Ready')).toMatch(/^0 of 3 devices are Ready; 2 are without a place: s-0: .*mtty-9.*; 1 is to be created\.$/);
    expect(messageOf(set, 'Progressing')).toMatch(/^s-1 exists and is not of this set/);
    await bench.event('NameTaken');
    await bench.delete('s-1');
    await until('s', (seen) => messageOf(seen, 'Ready').includes('3 are without a place'));
    expect((await bench.device('s-1', () => true)).metadata.labels).toMatchObject({ 'mediated.dev/set': 's' });
  });

  it('remake a device that was deleted by hand, under its UUID', async () => {
    await create('s', { replicas: 2 });
    await complete('s');
    const before = await bench.device('s-1', isReady);
    await bench.delete('s-1');
    const after = await bench.device('s-1', (device) => isReady(device) && device.metadata.uid !== before.metadata.uid);
    expect(after.status?.uuid).toBe(before.status?.uuid);
  });

  it('replace devices one at a time when the template changes, but for those in use, which follow when they are released', async () => {
    await create('s', { replicas: 3 });
    await complete('s');
    const before = await uids();
    const used = await bench.device('s-1', isReady);
    const home = used.status?.allocation?.nodeName === 'one' ? one : two;
    const open = await home.host.holdOpen(used.status?.uuid ?? '', { pid: 4711, comm: 'qemu' });
    await bench.device('s-1', ({ status }) => findCondition(status?.conditions, 'InUse')?.status === 'True');
    const ready = new Set(['s-0', 's-1', 's-2']);
    let fewest = 3;
    const watching = new AbortController();
    const { resourceVersion } = await bench.cluster.client.list(deviceResource, {}, AbortSignal.timeout(patience));
    const note = ({ type, object }: WatchEvent): void => {
      if (type === 'BOOKMARK') return;
      const device = object as MdevDevice;
      const counts = type !== 'DELETED' && isReady(device) && device.metadata.deletionTimestamp === undefined;
      ready[counts ? 'add' : 'delete'](device.metadata.name);
      fewest = Math.min(fewest, ready.size);
    };
    const watch = bench.cluster.client.watch(deviceResource, { resourceVersion, timeoutSeconds: 60 }, note, watching.signal);
    await patch('s', { template: { spec: { placement: 'Spread' } } });
    const waiting = await until('s', (set) => reasonsOf(set) === 'Ready WaitingForRelease' && set.status?.updatedReplicas === 2);
    expect(messageOf(waiting, 'Progressing')).toBe('1 device of an earlier template is in use: s-1. Each is replaced when it is released.');
    const after = await uids();
    expect(after['s-1']).toBe(before['s-1']);
    for (const name of ['s-0', 's-2']) expect(after[name]).not.toBe(before[name]);
    watching.abort();
    await watch.catch(() => undefined);
    expect(fewest).toBe(2);
    await open.release();
    const done = await complete('s');
    expect(done.status?.updatedReplicas).toBe(3);
    expect((await uids())['s-1']).not.toBe(before['s-1']);
  });

  it('change online and reclaimPolicy in place', async () => {
    await create('s', { replicas: 2, template: { spec: { type: { id: 'mtty-1' } }, metadata: { labels: { tier: 'a' } } } });
    await complete('s');
    const before = await uids();
    await patch('s', { template: { metadata: { labels: { tier: 'b' } }, spec: { reclaimPolicy: 'Retain' } } });
    await bench.all(['s-0', 's-1'], ({ spec, metadata }) => spec.reclaimPolicy === 'Retain' && metadata.labels?.['tier'] === 'b');
    await patch('s', { template: { spec: { reclaimPolicy: null } } });
    await bench.all(['s-0', 's-1'], ({ spec }) => spec.reclaimPolicy === undefined);
    await complete('s');
    expect(await uids()).toEqual(before);
  });

  it('keep a used device and remove an unused one when there are too many', async () => {
    await create('s', { replicas: 2 });
    await complete('s');
    const used = await bench.device('s-1', isReady);
    const home = used.status?.allocation?.nodeName === 'one' ? one : two;
    const open = await home.host.holdOpen(used.status?.uuid ?? '', { pid: 4711, comm: 'qemu' });
    await bench.device('s-1', ({ status }) => findCondition(status?.conditions, 'InUse')?.status === 'True');
    await patch('s', { replicas: 1 });
    await bench.gone('s-0');
    await complete('s');
    expect(await names()).toEqual(['s-1']);
    await open.release();
  });

  it('give each node that matches its devices, leave those of a cordoned one, and take them from one that matches no more', async () => {
    await create('s', { perNode: 2, template: { spec: { type: { id: 'mtty-1' }, nodeSelector: { serial: 'yes' } } } });
    expect(messageOf(await until('s', (set) => reasonsOf(set) === 'NoNodes Complete'), 'Ready')).toMatch(/^No node matches/);
    await nodePatch('one', { metadata: { labels: { serial: 'yes' } } });
    await until('s', (set) => reasonsOf(set) === 'Ready Complete' && set.status?.desiredReplicas === 2);
    expect(await names()).toEqual(['s-one-0', 's-one-1']);
    expect([uuidsOf(one.host).length, uuidsOf(two.host).length]).toEqual([2, 0]);
    await nodePatch('two', { metadata: { labels: { serial: 'yes' } }, spec: { unschedulable: true } });
    await nodePatch('one', { spec: { unschedulable: true } });
    await patch('s', { perNode: 3 });
    await until('s', (set) => reasonsOf(set) === 'Ready Complete' && set.status?.desiredReplicas === 2);
    await nodePatch('one', { spec: { unschedulable: false } });
    await until('s', (set) => reasonsOf(set) === 'Ready Complete' && set.status?.desiredReplicas === 3);
    await nodePatch('two', { spec: { unschedulable: false } });
    await until('s', (set) => reasonsOf(set) === 'Ready Complete' && set.status?.desiredReplicas === 6);
    await nodePatch('one', { metadata: { labels: { serial: null } } });
    await until('s', (set) => reasonsOf(set) === 'Ready Complete' && set.status?.desiredReplicas === 3);
    expect(await names()).toEqual(['s-two-0', 's-two-1', 's-two-2']);
    const refused = await kubectl(bench.cluster.kubeconfig, ['scale', 'mdevset/s', '--replicas=1']);
    expect(refused.stderr).toContain('a set with perNode cannot be scaled');
  });

  it('remove the devices of a set that is deleted, or leave them to the next one of its name', async () => {
    await create('s', { replicas: 2 });
    await complete('s');
    const before = await uids();
    await typed('delete', 'mdevset', 's', '--cascade=orphan');
    await create('s', { replicas: 2 });
    await complete('s');
    expect(await uids()).toEqual(before);
    await typed('delete', 'mdevset', 's');
    await bench.gone('s-0');
    await bench.gone('s-1');
    expect([...uuidsOf(one.host), ...uuidsOf(two.host)]).toEqual([]);
  });

  it('make a device elsewhere when its node is out of service, once the lost one is gone', async () => {
    await create('s', { replicas: 1 });
    await complete('s');
    const before = await bench.device('s-0', isReady);
    const [lost, other] = before.status?.allocation?.nodeName === 'one' ? [one, two] : [two, one];
    // The controller must not believe what the lost node has said last.
    await lost.remaining('mtty', 'mtty-1=5 mtty-2=2');
    await lost.stop();
    await nodePatch(lost.name, {
      spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
    });
    await bench.device('s-0', ({ metadata }) => metadata.deletionTimestamp !== undefined);
    expect(messageOf(await until('s', (set) => messageOf(set, 'Ready').includes('deleted')), 'Ready')).toBe(
      '0 of 1 device is Ready; 1 is being deleted: s-0.',
    );
    // What whoever handles lost nodes does.
    const key = { namespace: 'default', name: 's-0' };
    await bench.cluster.client.patch(deviceResource, key, 'merge', { metadata: { finalizers: null } }, {}, AbortSignal.timeout(patience));
    const after = await bench.device('s-0', (device) => isReady(device) && device.metadata.uid !== before.metadata.uid);
    expect(after.status?.allocation?.nodeName).toBe(other.name);
  });

  it('are taken over by another controller without a device made twice', async () => {
    await create('s', { replicas: 4 });
    await bench.stopController();
    await bench.startController('two');
    await complete('s');
    expect(await names()).toEqual(['s-0', 's-1', 's-2', 's-3']);
    expect(uuidsOf(one.host).length + uuidsOf(two.host).length).toBe(4);
  });
});
