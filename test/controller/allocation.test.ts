import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCondition } from '../../src/api/condition.ts';
import { deviceFinalizer } from '../../src/api/group.ts';
import { Bench, messageOf } from './harness.ts';

const small = { type: { id: 'small' } };
const pool = { types: { small: [8, 8], big: [2, 2] } } as const;
const full = { types: { small: [0, 8], big: [0, 2] } } as const;
const uuid = '12345678-1234-1234-1234-123456789abc';

describe('the controller', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.start();
    await bench.node('n1');
  });

  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it('places a device with two writes: the finalizer, then the allocation', async () => {
    await bench.parent('p1', pool);
    await bench.startController();
    await bench.create('a', small);
    const device = await bench.placed('a', 'p1');
    expect(device.metadata.finalizers).toEqual([deviceFinalizer]);
    expect(device.status?.allocation).toEqual({ nodeName: 'n1', parentName: 'p1', typeID: 'small' });
    expect(device.status?.conditions).toMatchObject([{ type: 'Allocated', status: 'True', reason: 'Allocated', observedGeneration: 1 }]);
    await bench.stopController();
    expect(bench.writes).toBe(2);
  });

  it('says why there is no place, in columns and as an Event, and places the device when there is room', async () => {
    await bench.parent('p1', full);
    await bench.startController();
    await bench.create('a', small);
    const refused = await bench.refused('a', 'NoCapacity');
    expect(messageOf(refused, 'Ready')).toBe(
      'The only parent has no small left. It is placed when a device there is deleted or a parent is added.',
    );
    expect(findCondition(refused.status?.conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'NoCapacity' });
    expect(await bench.event('NoCapacity')).toMatchObject({ involvedObject: { kind: 'MdevDevice', name: 'a' }, type: 'Warning' });
    await bench.parent('p1', { types: { small: [1, 8], big: [0, 2] } });
    const placed = await bench.placed('a', 'p1');
    expect(findCondition(placed.status?.conditions, 'Ready')).toBeUndefined();
  });

  it('places a device of which an agent has said something, and which was refused after that', async () => {
    await bench.parent('p1', full);
    await bench.create('a', small);
    await bench.report('a', 'False', 'Withdrawn', ['Created', 'Ready']);
    await bench.startController();
    await bench.refused('a', 'NoCapacity');
    await bench.parent('p1', { types: { small: [1, 8], big: [0, 2] } });
    const placed = await bench.placed('a', 'p1');
    expect(findCondition(placed.status?.conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'Pending' });
  });

  it('gives one free place to the oldest that waits, and to no other', async () => {
    await bench.parent('p1', full);
    await bench.startController();
    for (const name of ['b', 'a', 'c']) {
      await bench.create(name, small);
      await bench.refused(name, 'NoCapacity');
    }
    await bench.written(3);
    await bench.parent('p1', { types: { small: [1, 8], big: [0, 2] } });
    const devices = await bench.devices();
    const [oldest] = devices.toSorted((x, y) =>
      `${x.metadata.creationTimestamp ?? ''} ${x.metadata.uid ?? ''}` < `${y.metadata.creationTimestamp ?? ''} ${y.metadata.uid ?? ''}`
        ? -1
        : 1,
    );
    await bench.placed(oldest?.metadata.name ?? '', 'p1');
    // A device made afterwards is answered after all decisions before it.
    await bench.create('last', small);
    await bench.refused('last', 'NoCapacity');
    expect((await bench.devices()).filter((device) => device.status?.allocation !== undefined)).toHaveLength(1);
    await bench.stopController();
    expect(bench.writes).toBe(3 + 2 + 1);
  });

  it('places a hundred devices applied at once, two writes each, and over-books nothing', async () => {
    await bench.node('n2');
    await bench.parent('p1', { types: { small: [50, 50], big: [25, 25] } });
    await bench.parent('p2', { node: 'n2', types: { small: [50, 50], big: [25, 25] } });
    await bench.startController();
    const names = Array.from({ length: 110 }, (_, index) => `d${String(index).padStart(3, '0')}`);
    await Promise.all(names.map((name) => bench.create(name, small)));
    await bench.all(names, ({ status }) => (status?.conditions?.length ?? 0) > 0);
    const places = (await bench.devices()).map((device) => device.status?.allocation?.parentName ?? 'none');
    expect(Object.fromEntries(['p1', 'p2', 'none'].map((place) => [place, places.filter((other) => other === place).length]))).toEqual({
      p1: 50,
      p2: 50,
      none: 10,
    });
    await bench.stopController();
    expect(bench.writes).toBe(2 * 100 + 10);
  });

  it('learns all from the objects when it is started again, and writes nothing', async () => {
    await bench.parent('p1', { types: { small: [2, 8], big: [0, 2] } });
    await bench.startController();
    for (const name of ['a', 'b']) await bench.create(name, small);
    for (const name of ['a', 'b']) await bench.placed(name, 'p1');
    await bench.create('c', small);
    await bench.refused('c', 'NoCapacity');
    await bench.stopController();
    const before = bench.writes;
    await bench.startController('two');
    await bench.create('d', small);
    // Two places are taken though the parent's status shows none of the devices yet.
    await bench.refused('d', 'NoCapacity');
    await bench.stopController();
    expect(bench.writes - before).toBe(1);
  });

  it('works as one of two, and the other takes over when it stops', async () => {
    await bench.parent('p1', { types: { small: [2, 8], big: [0, 2] } });
    await bench.startController('one', true);
    const heir = bench.launchController('two', true);
    await bench.create('a', small);
    await bench.placed('a', 'p1');
    await bench.stopController();
    await bench.create('b', small);
    await heir;
    await bench.placed('b', 'p1');
    await bench.create('c', small);
    await bench.refused('c', 'NoCapacity');
  });

  it('takes a cordoned node out, and places what waited when it is back', async () => {
    await bench.node('n1', true);
    await bench.parent('p1', pool);
    await bench.startController();
    await bench.create('a', small);
    expect(messageOf(await bench.refused('a', 'Unschedulable'), 'Allocated')).toContain('is on a cordoned node');
    await bench.node('n1', false);
    await bench.placed('a', 'p1');
  });

  it('lets the older of two objects with one UUID win, and the younger follow when it is gone', async () => {
    await bench.parent('p1', pool);
    await bench.startController();
    await bench.create('first', { ...small, uuid });
    await bench.placed('first', 'p1');
    await bench.create('second', { ...small, uuid: uuid.toUpperCase() });
    expect(messageOf(await bench.refused('second', 'UUIDConflict'), 'Ready')).toContain('default/first');
    await bench.delete('first');
    // The agent's part: the device is gone.
    await bench.cluster.client.patch(
      { group: 'mediated.dev', version: 'v1alpha1', plural: 'mdevdevices', namespaced: true, kind: 'MdevDevice' },
      { namespace: 'default', name: 'first' },
      'merge',
      { metadata: { finalizers: null } },
      {},
      AbortSignal.timeout(5000),
    );
    await bench.placed('second', 'p1');
  });

  it('lets go of a deleted object that never had a place', async () => {
    await bench.startController();
    await bench.create('a', small, { finalizers: [deviceFinalizer] });
    await bench.refused('a', 'NoMatchingParent');
    await bench.delete('a');
    await bench.gone('a');
  });

  it('puts a group on one parent, together or not at all', async () => {
    await bench.parent('p1', { types: { small: [1, 8], big: [0, 2] } });
    await bench.parent('p2', { types: { small: [2, 8], big: [0, 2] } });
    await bench.startController();
    await Promise.all(['vm-a', 'vm-b'].map((name) => bench.create(name, { ...small, group: 'vm' })));
    await bench.placed('vm-a', 'p2');
    await bench.placed('vm-b', 'p2');
    await bench.create('vm-c', { ...small, group: 'vm' });
    expect(messageOf(await bench.refused('vm-c', 'GroupSplit'), 'Allocated')).toContain('Other devices of group vm are on p2');
  });

  it('adopts where the device is, and only in allowed namespaces', async () => {
    await bench.parent('p1', pool);
    await bench.startController();
    await bench.create('a', { ...small, uuid, adopt: true });
    await bench.refused('a', 'AdoptNotFound');
    await bench.parent('p2', { types: { small: [0, 8], big: [0, 2] }, devices: [{ uuid, typeID: 'small' }] });
    await bench.placed('a', 'p2');
  });

  it('finds the device of an object that was made anew, though its parent is full', async () => {
    const owner = { namespace: 'default', name: 'a', uid: 'uid-of-the-former-object' };
    await bench.parent('p1', pool);
    await bench.parent('p2', { types: { small: [0, 8], big: [0, 2] }, devices: [{ uuid, typeID: 'small', owner, orphaned: true }] });
    await bench.startController();
    await bench.create('a', small);
    await bench.placed('a', 'p2');
  });
});

describe('withdrawal', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.start();
    await bench.node('n1');
    await bench.parent('p1', { types: { small: [1, 8], big: [0, 2] } });
    await bench.startController();
    await bench.create('a', small);
    await bench.placed('a', 'p1');
    await bench.parent('p1', full);
  });

  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it('takes a device back in two steps when another parent has room', async () => {
    await bench.parent('p2', pool);
    await bench.report('a', 'False', 'NoCapacity');
    const withdrawn = await bench.device('a', ({ status }) => status?.allocation?.withdrawn === true);
    expect(withdrawn.status?.allocation?.parentName).toBe('p1');
    expect(messageOf(withdrawn, 'Allocated')).toBe('It could not be created on p1 (It says NoCapacity). Another parent has room.');
    await bench.report('a', 'False', 'Withdrawn');
    await bench.placed('a', 'p2');
  });

  it('leaves it where it is while there is no other place, and moves it when one comes', async () => {
    await bench.report('a', 'False', 'NoCapacity');
    await bench.create('later', { type: { id: 'big' } });
    await bench.refused('later', 'NoCapacity');
    expect((await bench.device('a', () => true)).status?.allocation?.withdrawn).toBeUndefined();
    await bench.parent('p2', { types: { small: [1, 8], big: [0, 2] } });
    await bench.device('a', ({ status }) => status?.allocation?.withdrawn === true);
    // The place is kept for it meanwhile.
    await bench.create('latest', small);
    await bench.refused('latest', 'NoCapacity');
    await bench.report('a', 'False', 'Withdrawn');
    await bench.placed('a', 'p2');
  });

  it('never moves a device that exists', async () => {
    const existing = await bench.device('a', () => true);
    const { uid = '' } = existing.metadata;
    const owner = { namespace: 'default', name: 'a', uid };
    await bench.parent('p1', { types: { small: [0, 8], big: [0, 2] }, devices: [{ uuid, typeID: 'small', owner }] });
    await bench.parent('p2', pool);
    await bench.report('a', 'False', 'NoCapacity');
    await bench.create('later', small);
    await bench.placed('later', 'p2');
    expect((await bench.device('a', () => true)).status?.allocation).toEqual({ nodeName: 'n1', parentName: 'p1', typeID: 'small' });
  });
});
