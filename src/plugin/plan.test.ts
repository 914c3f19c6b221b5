import { describe, expect, test } from 'vitest';
import { mdevClassSchema } from '../api/mdev-class.ts';
import { mdevDeviceSetSchema } from '../api/mdev-device-set.ts';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import { mdevParentSchema, type MdevParent } from '../api/mdev-parent.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import { loadKernel } from './plan-kernel.ts';
import { planText } from './plan-text.ts';
import { planOf, type Asked, type Plan, type PlannedObjects } from './plan.ts';

const apiVersion = 'mediated.dev/v1alpha1';
const clusterUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const foreign = '00000000-0000-4000-8000-000000000001';

function parent(nodeName: string, types: Record<string, number>, more: object = {}): MdevParent {
  const supportedTypes = Object.entries(types).map(([id, availableInstances]) => ({
    id,
    availableInstances,
    instances: 0,
    maxInstances: availableInstances,
  }));
  return mdevParentSchema.parse({
    apiVersion,
    kind: 'MdevParent',
    metadata: { name: `${nodeName}-gpu`, uid: nodeName },
    spec: { nodeName, parent: 'gpu' },
    status: { sharing: 'Pooled', supportedTypes, conditions: [present], ...more },
  });
}

const present = { type: 'Present', status: 'True', reason: 'Registered', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };

function device(name: string, spec: object, uid = name): MdevDevice {
  return mdevDeviceSchema.parse({
    apiVersion,
    kind: 'MdevDevice',
    metadata: { name, namespace: 'default', uid, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
  });
}

const node = (name: string) => ({ metadata: { name, uid: name } });

async function plan(objects: Partial<PlannedObjects>, devices: readonly MdevDevice[], sets: Asked['sets'] = []): Promise<Plan> {
  const clock = new ManualClock();
  const parents = objects.parents ?? [];
  const all: PlannedObjects = { parents, nodes: [], devices, classes: [], namespaces: [], clusterUID, ...objects };
  const kernel = await loadKernel(parents, clock, new AbortController().signal);
  return planOf(all, { devices: devices.map((each) => ({ device: each, change: 'Create' })), sets }, [], { kernel, clock });
}

const outcomes = ({ entries }: Plan): unknown[] =>
  entries.map(({ name, outcome, reason }) => [name, outcome, ...(reason === undefined ? [] : [reason])]);

describe('a plan of devices', () => {
  test('counts what it has placed itself, and takes them in the order of the file', async () => {
    const objects = { parents: [parent('node-1', { big: 1, small: 4 })], nodes: [node('node-1')] };
    const devices = [device('c', { type: { id: 'small' } }), device('b', { type: { id: 'big' } }), device('a', { type: { id: 'small' } })];
    const planned = await plan(objects, devices);
    expect(outcomes(planned)).toEqual([
      ['c', 'Made'],
      ['b', 'Waits', 'NoCapacity'],
      ['a', 'Made'],
    ]);
    expect(planned.complete).toBe(false);
    expect(planText(planned)).toEqual([
      'MdevDevice default/c: would be made, small on node-1-gpu of node node-1.',
      expect.stringMatching(/^MdevDevice default\/b: would wait \(NoCapacity\): .*has no big left/),
      'MdevDevice default/a: would be made, small on node-1-gpu of node node-1.',
      '1 would not be made. Nothing was changed.',
    ]);
  });

  test('tells what the kernel would refuse: a UUID that somebody else’s device has', async () => {
    const there = { devices: [{ uuid: foreign, typeID: 'small' }] };
    const parents = [parent('node-1', { small: 1 }, there), parent('node-2', { small: 9 })];
    const pinned = device('pinned', { type: { id: 'small' }, uuid: foreign, nodeName: 'node-2' });
    const planned = await plan({ parents, nodes: [node('node-1'), node('node-2')] }, [pinned]);
    expect(outcomes(planned)).toEqual([['pinned', 'Fails', 'EEXIST']]);
    expect(planned.complete).toBe(false);
  });

  test('asks their class, be it applied together with them', async () => {
    const narrow = mdevClassSchema.parse({ apiVersion, kind: 'MdevClass', metadata: { name: 'narrow' }, spec: { types: [{ id: 'big' }] } });
    const objects = { parents: [parent('node-1', { big: 1, small: 4 })], nodes: [node('node-1')], classes: [narrow] };
    const devices = [
      device('big', { type: { id: 'big' }, className: 'narrow' }),
      device('small', { type: { id: 'small' }, className: 'narrow' }),
      device('lost', { type: { id: 'small' }, className: 'none' }),
    ];
    expect(outcomes(await plan(objects, devices)).map((outcome) => (outcome as string[])[1])).toEqual(['Made', 'Waits', 'Waits']);
  });

  test('places a group together or not at all', async () => {
    const parents = [parent('node-1', { small: 1 }), parent('node-2', { small: 1 })];
    const devices = ['a', 'b'].map((name) => device(name, { type: { id: 'small' }, group: 'both' }));
    const planned = await plan({ parents, nodes: [node('node-1'), node('node-2')] }, devices);
    expect(outcomes(planned).map((outcome) => (outcome as string[])[1])).toEqual(['Waits', 'Waits']);
  });

  test('takes one that has its place as it is', async () => {
    const allocation = { nodeName: 'node-1', parentName: 'node-1-gpu', typeID: 'small' };
    const placed = { ...device('placed', { type: { id: 'small' } }), status: { allocation } } as MdevDevice;
    const planned = await plan({ parents: [parent('node-1', { small: 0 })], nodes: [node('node-1')] }, [placed]);
    expect(planned.entries).toMatchObject([{ outcome: 'Kept', place: allocation }]);
    expect(planned.complete).toBe(true);
  });
});

test('a plan of a set is one of the devices that it would make', async () => {
  const set = mdevDeviceSetSchema.parse({
    apiVersion,
    kind: 'MdevDeviceSet',
    metadata: { name: 'cards', namespace: 'default', uid: 'set' },
    spec: { perNode: 2, template: { spec: { type: { id: 'small' } } } },
  });
  const parents = [parent('node-1', { small: 9 }), parent('node-2', { small: 1 }), parent('node-3', { big: 1 })];
  const planned = await plan({ parents, nodes: ['node-1', 'node-2', 'node-3'].map(node) }, [], [{ set, change: 'Create' }]);
  expect(planned.entries[0]).toEqual({ kind: 'MdevDeviceSet', namespace: 'default', name: 'cards', change: 'Create', outcome: 'Applied' });
  const devices = planned.entries.slice(1);
  expect(devices.map(({ outcome, place, set: of }) => [outcome, place?.nodeName, of])).toEqual([
    ['Made', 'node-1', 'cards'],
    ['Made', 'node-1', 'cards'],
    ['Made', 'node-2', 'cards'],
    ['Waits', undefined, 'cards'],
  ]);
});
