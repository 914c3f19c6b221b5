import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceFinalizer } from '../api/group.ts';
import type { MdevClass } from '../api/mdev-class.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import { Allocator } from './allocator.ts';
import type { Action } from './decide.ts';
import { nextTurn } from './pacer.ts';
import { classNamed, deviceNamed, namespaceNamed, nodeNamed, parentNamed } from './testing/objects.ts';
import { line, situationOf } from './testing/situation.ts';

const small = { type: { id: 'small' } };
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function pool(name: string, free: number, version = '1'): MdevParent {
  return parentNamed(name, { sharing: 'Pooled', types: { small: [free, 8] }, resourceVersion: version });
}

describe('Allocator', () => {
  let situation: ReturnType<typeof situationOf>;
  let allocator: Allocator;
  let stop: AbortController;
  let running: Promise<void>;
  let submitted: string[];
  let messages: string[];

  beforeEach(() => {
    situation = situationOf({});
    submitted = [];
    messages = [];
    stop = new AbortController();
    allocator = new Allocator({
      situation,
      clock: situation.clock,
      random: () => 0,
      log: silent,
      hooks: {},
      cancel: (key) => submitted.push(`cancel ${key}`),
      submit: (device, action: Action) => {
        submitted.push(`${device.metadata.name}: ${line(action)}`);
        if (action.type === 'Refuse') messages.push(action.why.message);
      },
    });
    running = allocator.run(stop.signal);
  });

  afterEach(async () => {
    stop.abort();
    await running;
    expect(situation.clock.pending).toBe(0);
  });

  async function parents(...list: MdevParent[]): Promise<void> {
    for (const parent of list) {
      situation.world.parents.upsert(parent);
      allocator.parentChanged(parent.metadata.name);
    }
    await settled();
  }

  async function devices(...list: MdevDevice[]): Promise<void> {
    for (const device of list) {
      situation.world.devices.upsert(device);
      allocator.deviceChanged(`ns/${device.metadata.name}`);
    }
    await settled();
  }

  async function classes(...list: MdevClass[]): Promise<void> {
    for (const mdevClass of list) {
      situation.world.classes.upsert(mdevClass);
      allocator.classChanged(mdevClass.metadata.name);
    }
    await settled();
  }

  async function settled(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  }

  it('decides the oldest first, whatever came first', async () => {
    await parents(pool('p', 1));
    await devices(deviceNamed('young', small, { at: 2 }), deviceNamed('old', small, { at: 1 }));
    expect(submitted).toEqual(['old: Allocate p small', 'young: Refuse NoCapacity']);
  });

  it('submits the same refusal once, however often its object is looked at', async () => {
    await parents(pool('p', 0));
    const device = deviceNamed('a', small);
    await devices(device);
    allocator.deviceChanged('ns/a');
    await settled();
    await parents(pool('p', 0, '2'));
    expect(submitted).toEqual(['a: Refuse NoCapacity']);
  });

  it('tries waiting devices as long as a parent has room, the oldest first, past those that must not go there', async () => {
    await parents(pool('p', 0));
    await devices(
      deviceNamed('elsewhere', { ...small, nodeName: 'n2' }, { at: 1 }),
      ...[4, 3, 2].map((at) => deviceNamed(`d${at}`, small, { at })),
    );
    submitted.length = 0;
    await parents(pool('p', 2, '2'));
    expect(submitted).toEqual(['d2: Allocate p small', 'd3: Allocate p small']);
    expect(allocator.waiting).toBe(2);
  });

  it('tells waiting devices a second later, and once, that parents have come or changed', async () => {
    await parents(pool('p1', 0));
    await devices(deviceNamed('a', small));
    await parents(pool('p2', 0), pool('p3', 0));
    situation.world.nodes.upsert(nodeNamed('n1', {}, true));
    allocator.nodeChanged('n1');
    await settled();
    expect(messages).toHaveLength(1);
    await situation.clock.advance(1000);
    await settled();
    expect(messages.slice(1)).toEqual(['3 parents: 3 are on cordoned nodes. It is placed when a parent takes devices again.']);
  });

  it('keeps the place for a device that has to move for a minute, then gives it to others', async () => {
    const conditions = [
      { type: 'Created', status: 'False', reason: 'NoCapacity', message: 'Full.', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ];
    const status = { allocation: { nodeName: 'n1', parentName: 'p1', typeID: 'small' }, conditions };
    const moving = deviceNamed('moving', small, { at: 1, metadata: { finalizers: [deviceFinalizer] }, status });
    await parents(pool('p1', 0), pool('p2', 1));
    await devices(moving);
    await devices(deviceNamed('other', small, { at: 2 }));
    expect(submitted).toEqual(['moving: Withdraw p1 for p2', 'other: Refuse NoCapacity']);
    const leaving = { ...moving, metadata: { ...moving.metadata, resourceVersion: '2' } };
    await devices({ ...leaving, status: { ...leaving.status, allocation: { ...status.allocation, withdrawn: true } } });
    await situation.clock.advance(60_000);
    await settled();
    expect(submitted.slice(2)).toEqual(['other: Allocate p2 small']);
  });

  it('waits a quarter of a second for the members of a group', async () => {
    await parents(pool('p', 1), pool('q', 2));
    await devices(deviceNamed('a', { ...small, group: 'vm' }, { at: 1 }));
    await situation.clock.advance(200);
    await devices(deviceNamed('b', { ...small, group: 'vm' }, { at: 2 }));
    await situation.clock.advance(200);
    expect(submitted).toEqual([]);
    await situation.clock.advance(50);
    await settled();
    expect(submitted).toEqual(['a: Allocate q small', 'b: Allocate q small']);
  });

  it('looks again at the devices that wait for a class when it comes or changes, and at no others', async () => {
    await parents(pool('p', 8));
    await classes(classNamed('silver', { params: [] }));
    await devices(
      deviceNamed('of-gold', { ...small, className: 'gold' }),
      deviceNamed('of-silver', { ...small, className: 'silver', params: 'x' }),
    );
    expect(submitted).toEqual(['of-gold: Refuse ClassNotFound', 'of-silver: Refuse NotAllowedByClass']);
    await parents(pool('p', 7, '2'));
    await classes(classNamed('gold', {}));
    expect(submitted.slice(2)).toEqual(['of-gold: Allocate p small']);
    await classes(classNamed('silver', { params: ['x'] }));
    expect(submitted.slice(3)).toEqual(['of-silver: Allocate p small']);
  });

  it('looks again at devices that name no class when another class becomes the default, changes, or is no more', async () => {
    await parents(pool('p', 8));
    await classes(classNamed('strict', { params: [] }, { isDefault: true, at: 1 }));
    await devices(...['a', 'b', 'c'].map((params) => deviceNamed(params, { ...small, params })));
    expect(submitted).toHaveLength(3);
    await classes(classNamed('strict', { params: ['a'] }, { isDefault: true, at: 1 }));
    await classes(classNamed('newer', { params: ['b'] }, { isDefault: true, at: 2 }));
    situation.world.classes.delete('newer');
    allocator.classChanged('newer');
    await settled();
    situation.world.classes.delete('strict');
    allocator.classChanged('strict');
    await settled();
    expect(submitted.filter((each) => each.includes('Allocate'))).toEqual(['a', 'b', 'c'].map((name) => `${name}: Allocate p small`));
  });

  it('looks again at devices of a namespace whose labels have changed', async () => {
    await parents(pool('p', 8));
    await classes(classNamed('gold', { namespaces: { selector: { matchLabels: { tier: 'one' } } } }));
    await devices(deviceNamed('a', { ...small, className: 'gold' }));
    situation.world.namespaces.upsert(namespaceNamed('ns', { tier: 'one' }));
    allocator.namespaceChanged('ns');
    await settled();
    expect(submitted).toEqual(['a: Refuse NotAllowedByClass', 'a: Allocate p small']);
  });

  it('leaves a device alone that has its place, whatever class comes', async () => {
    const allocation = { nodeName: 'n1', parentName: 'p', typeID: 'small' };
    await parents(pool('p', 8));
    await devices(deviceNamed('a', { ...small, params: 'x' }, { metadata: { finalizers: [deviceFinalizer] }, status: { allocation } }));
    await classes(classNamed('strict', { params: [] }, { isDefault: true }));
    await parents(pool('p', 7, '2'));
    expect(submitted).toEqual([]);
  });

  it('forgets an object that goes, and gives its place to who waits', async () => {
    await parents(pool('p', 1));
    await devices(deviceNamed('a', small, { at: 1 }), deviceNamed('b', small, { at: 2 }));
    situation.world.devices.delete('ns/a');
    allocator.deviceChanged('ns/a');
    await settled();
    expect(submitted.slice(2)).toEqual(['cancel ns/a', 'b: Allocate p small']);
  });
});
