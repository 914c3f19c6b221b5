import { describe, expect, it } from 'vitest';
import { mdevDeviceSetSchema, type MdevDeviceSet } from '../../api/mdev-device-set.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { deviceNamed, nodeNamed, parentNamed } from '../testing/objects.ts';
import { createWorld, type World } from '../world.ts';
import { Expectations } from './expectations.ts';
import { planSet } from './plan.ts';
import { lookAt, type SetSources } from './situation.ts';
import { FixedTexts } from './template.ts';

const type = { id: 'mtty-1' };

function setNamed(name: string, spec: object, template: object = {}): MdevDeviceSet {
  return mdevDeviceSetSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDeviceSet',
    metadata: { namespace: 'ns', name, uid: `uid-${name}` },
    spec: { template: { spec: { type, ...template } }, ...spec },
  });
}

/** A device as `set` has made it. */
function made(
  set: MdevDeviceSet,
  name: string,
  more: { spec?: object; metadata?: object; status?: object; owner?: string } = {},
): ReturnType<typeof deviceNamed> {
  const owner = {
    apiVersion: set.apiVersion,
    kind: set.kind,
    name: set.metadata.name,
    uid: more.owner ?? set.metadata.uid,
    controller: true,
  };
  const labels = { 'mediated.dev/set': set.metadata.name };
  return deviceNamed(
    name,
    { type, ...more.spec },
    { metadata: { labels, ownerReferences: [owner], ...more.metadata }, ...(more.status !== undefined && { status: more.status }) },
  );
}

function sourcesOf(world: World): SetSources {
  return { world, expectations: new Expectations(new ManualClock()), texts: new FixedTexts() };
}

function inWorld(...devices: readonly ReturnType<typeof deviceNamed>[]): SetSources {
  const world = createWorld('6ba7b810-9dad-11d1-80b4-00c04fd430c8');
  for (const device of devices) world.devices.upsert(device);
  return sourcesOf(world);
}

const actions = (set: MdevDeviceSet, sources: SetSources): string[] =>
  planSet(lookAt(set, sources))
    .actions.filter((action) => action.type !== 'Change')
    .map((action) => `${action.type} ${action.name}`);

describe('what a set has', () => {
  const set = setNamed('s', { replicas: 2 });

  it('is what it owns; the rest of that name is in the way', () => {
    const sources = inWorld(made(set, 's-0'), made(set, 's-1', { owner: 'uid-of-another' }));
    expect(lookAt(set, sources).devices.map(({ name }) => name)).toEqual(['s-0']);
    // It is of an earlier set of this name: the garbage collector will remove it.
    expect(planSet(lookAt(set, sources))).toMatchObject({ taken: [], awaited: ['s-1'] });
    expect(planSet(lookAt(set, inWorld(made(set, 's-0'), deviceNamed('s-1', { type }))))).toMatchObject({ taken: ['s-1'], awaited: [] });
  });

  it('is taken over when nobody owns it and its label says that it was of such a set', () => {
    expect(
      actions(set, inWorld(made(set, 's-0'), deviceNamed('s-7', { type }, { metadata: { labels: { 'mediated.dev/set': 's' } } }))),
    ).toEqual(['Adopt s-7']);
  });

  it('is compared with the template but for what can be changed', () => {
    const outdated = (spec: object): boolean | undefined => lookAt(set, inWorld(made(set, 's-0', { spec }))).devices[0]?.outdated;
    expect(outdated({})).toBe(false);
    expect(outdated({ online: false, reclaimPolicy: 'Retain' })).toBe(false);
    expect(outdated({ placement: 'Spread' })).toBe(true);
    expect(outdated({ attributes: [{ value: '1', name: 'a' }] })).toBe(true);
  });

  it('counts what it has made and removed though the store does not show it yet', () => {
    const sources = inWorld(made(set, 's-0'));
    sources.expectations.created('ns/s', 'ns/s-1', 'uid-s-1');
    expect(actions(set, sources)).toEqual([]);
    expect(actions(setNamed('s', { replicas: 3 }), sources)).toEqual(['Create s-2']);
    const fewer = setNamed('s', { replicas: 1 });
    const both = inWorld(made(set, 's-0'), made(set, 's-1'));
    expect(actions(fewer, both)).toEqual(['Delete s-1']);
    both.expectations.deleted('ns/s', 'ns/s-1', 'uid-s-1');
    // Were it forgotten, this would now remove the other one.
    both.world.devices.upsert(made(set, 's-1', { metadata: { resourceVersion: '2' }, status: { conditions: [inUse] } }));
    expect(actions(fewer, both)).toEqual([]);
  });

  it('gives up devices on nodes that are gone or out of service', () => {
    const allocation = { nodeName: 'n1', parentName: 'p', typeID: 'mtty-1' };
    const sources = inWorld(
      made(set, 's-0', { status: { allocation } }),
      made(set, 's-1', { status: { allocation: { ...allocation, nodeName: 'n2' } } }),
    );
    sources.world.nodes.upsert(nodeNamed('n2'));
    expect(actions(set, sources)).toEqual(['Delete s-0']);
    sources.world.nodes.upsert(nodeNamed('n1'));
    sources.world.nodes.upsert({ ...nodeNamed('n2'), spec: { taints: [{ key: 'node.kubernetes.io/out-of-service' }] } });
    expect(actions(set, sources)).toEqual(['Delete s-1']);
  });
});

describe('the nodes of a set', () => {
  const set = setNamed('s', { perNode: 1 }, { nodeSelector: { gpu: 'yes' } });
  const on = (name: string, node: string): ReturnType<typeof deviceNamed> =>
    made(set, name, { spec: { nodeName: node, nodeSelector: { gpu: 'yes' } } });

  it('are those that match and have a parent of the type', () => {
    const { world, ...rest } = inWorld();
    for (const [name, labels] of Object.entries({ a: { gpu: 'yes' }, b: { gpu: 'yes' }, c: {} }))
      world.nodes.upsert(nodeNamed(name, labels));
    for (const node of ['a', 'c']) world.parents.upsert(parentNamed(`p-${node}`, { node, types: { 'mtty-1': [4, 4] } }));
    world.parents.upsert(parentNamed('p-b', { node: 'b', types: { 'mtty-2': [4, 4] } }));
    expect(actions(set, { world, ...rest })).toEqual(['Create s-a-0']);
  });

  it('keep their devices when they are cordoned or lose the parent, not when they match no more', () => {
    const sources = inWorld(on('s-a-0', 'a'), on('s-b-0', 'b'), on('s-c-0', 'c'), on('s-gone-0', 'gone'));
    sources.world.nodes.upsert(nodeNamed('a', { gpu: 'yes' }, true));
    sources.world.nodes.upsert(nodeNamed('b', { gpu: 'yes' }));
    sources.world.nodes.upsert(nodeNamed('c', { gpu: 'no' }));
    expect(actions(set, sources)).toEqual(['Delete s-c-0', 'Delete s-gone-0']);
  });
});

const inUse = { type: 'InUse', status: 'True', reason: 'InUse', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
