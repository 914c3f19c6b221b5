import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/apiserver/object.ts';
import { at, startTestCore, textAt, type TestCore, widgetBody, widgets } from './core.ts';
import { widgetCrd } from './widgets.ts';

let test: TestCore;

beforeEach(async () => {
  test = await startTestCore();
});

afterEach(async () => {
  expect(test.complaints).toEqual([]);
  await test.stop();
});

const merge = { 'content-type': 'application/merge-patch+json' };
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

async function exists(path: string): Promise<boolean> {
  return (await test.send('GET', path)).code === 200;
}

async function createOwned(name: string, owner: JsonObject, blockOwnerDeletion = false, metadata: JsonObject = {}): Promise<void> {
  const reference = {
    apiVersion: 'test.example/v1',
    kind: 'Widget',
    name: textAt(owner, 'metadata', 'name'),
    uid: textAt(owner, 'metadata', 'uid'),
  };
  const ownerReferences = [{ ...reference, ...(blockOwnerDeletion && { blockOwnerDeletion }) }];
  expect((await test.send('POST', widgets, widgetBody(name, { color: 'red' }, { ownerReferences, ...metadata }))).code).toBe(201);
}

const create = async (name: string): Promise<JsonObject> => (await test.send('POST', widgets, widgetBody(name))).body;

describe('the garbage collector', () => {
  it('takes what a deleted object owned, and what that owned', async () => {
    const grandparent = await create('gc-a');
    await createOwned('gc-b', grandparent);
    const { body: parent } = await test.send('GET', `${widgets}/gc-b`);
    await createOwned('gc-c', parent);
    await test.send('DELETE', `${widgets}/gc-a`);
    await test.core.idle();
    expect(await exists(`${widgets}/gc-b`)).toBe(false);
    expect(await exists(`${widgets}/gc-c`)).toBe(false);
  });

  it('takes an object that is born without its owner, but not one whose owner it cannot know', async () => {
    await createOwned('gc-orphan', { metadata: { name: 'nobody', uid: 'gone' } });
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'y' }];
    await test.send('POST', widgets, widgetBody('gc-foreign', { color: 'red' }, { ownerReferences }));
    await test.core.idle();
    expect(await exists(`${widgets}/gc-orphan`)).toBe(false);
    expect(await exists(`${widgets}/gc-foreign`)).toBe(true);
  });

  it('in the foreground waits for the dependents that block', async () => {
    const owner = await create('fg');
    await createOwned('fg-child', owner, true, { finalizers: ['test.example/hold'] });
    const { body } = await test.send('DELETE', `${widgets}/fg?propagationPolicy=Foreground`);
    expect(at(body, 'metadata', 'finalizers')).toEqual(['foregroundDeletion']);
    await test.core.idle();
    expect(await exists(`${widgets}/fg`)).toBe(true);
    await test.send('PATCH', `${widgets}/fg-child`, { metadata: { finalizers: null } }, merge);
    await test.core.idle();
    expect(await exists(`${widgets}/fg-child`)).toBe(false);
    expect(await exists(`${widgets}/fg`)).toBe(false);
  });

  it('cuts dependents loose when told to orphan them', async () => {
    const owner = await create('or');
    await createOwned('or-child', owner);
    await test.send('DELETE', `${widgets}/or?propagationPolicy=Orphan`);
    await test.core.idle();
    expect(await exists(`${widgets}/or`)).toBe(false);
    expect(at((await test.send('GET', `${widgets}/or-child`)).body, 'metadata', 'ownerReferences')).toBeUndefined();
  });

  it('only drops the reference while another owner lives', async () => {
    const [one, two] = [await create('two-a'), await create('two-b')];
    const reference = (owner: JsonObject): JsonObject => ({
      apiVersion: 'test.example/v1',
      kind: 'Widget',
      name: textAt(owner, 'metadata', 'name'),
      uid: textAt(owner, 'metadata', 'uid'),
    });
    await test.send('POST', widgets, widgetBody('two-child', { color: 'red' }, { ownerReferences: [reference(one), reference(two)] }));
    await test.send('DELETE', `${widgets}/two-a`);
    await test.core.idle();
    expect(at((await test.send('GET', `${widgets}/two-child`)).body, 'metadata', 'ownerReferences')).toEqual([reference(two)]);
  });
});

describe('a namespace', () => {
  it('is emptied before it goes, waits for finalizers, and takes nothing new meanwhile', async () => {
    const inside = '/apis/test.example/v1/namespaces/leaving/widgets';
    await test.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'leaving' } });
    await test.send('POST', inside, widgetBody('free'));
    await test.send('POST', inside, widgetBody('held', { color: 'red' }, { finalizers: ['test.example/hold'] }));
    const deleted = await test.send('DELETE', '/api/v1/namespaces/leaving');
    expect(deleted.body).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } });
    await test.core.idle();
    expect(await exists(`${inside}/free`)).toBe(false);
    expect((await test.send('POST', inside, widgetBody('late'))).body).toMatchObject({
      code: 403,
      message: 'widgets.test.example "late" is forbidden: unable to create new content in namespace leaving because it is being terminated',
    });
    expect(JSON.stringify((await test.send('GET', '/api/v1/namespaces/leaving')).body)).toContain(
      'test.example/hold in 1 resource instances',
    );
    await test.send('PATCH', `${inside}/held`, { metadata: { finalizers: null } }, merge);
    await test.core.idle();
    expect(await exists('/api/v1/namespaces/leaving')).toBe(false);
  });

  it('of the system cannot be deleted', async () => {
    expect((await test.send('DELETE', '/api/v1/namespaces/kube-system')).body).toMatchObject({ code: 403 });
  });
});

describe('an event', () => {
  it('goes an hour after it was written last', async () => {
    const path = '/api/v1/namespaces/default/events';
    const event = (name: string): Json => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: 'default' },
      involvedObject: { namespace: 'default' },
      reason: 'R',
    });
    await test.send('POST', path, event('one'));
    await test.clock.advance(40 * 60_000);
    await test.send('POST', path, event('two'));
    await test.clock.advance(25 * 60_000);
    await test.core.api.store.settled();
    expect([await exists(`${path}/one`), await exists(`${path}/two`)]).toEqual([false, true]);
    await test.send('PATCH', `${path}/two`, { count: 2 }, merge);
    await test.clock.advance(40 * 60_000);
    await test.core.api.store.settled();
    expect(await exists(`${path}/two`)).toBe(true);
    await test.clock.advance(21 * 60_000);
    await test.core.api.store.settled();
    expect(await exists(`${path}/two`)).toBe(false);
  });
});

describe('a CRD', () => {
  const gear = (plural: string, kind: string, properties: JsonObject = { teeth: { type: 'integer' } }): JsonObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.gear.example` },
    spec: {
      group: 'gear.example',
      scope: 'Cluster',
      names: { plural, kind },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } }],
    },
  });

  const gears = '/apis/gear.example/v1/gears';

  /** Makes a CRD and at once an object of it. */
  async function makeGears(metadata: JsonObject = {}): Promise<void> {
    expect((await test.send('POST', definitions, gear('gears', 'Gear'))).code).toBe(201);
    const object = { apiVersion: 'gear.example/v1', kind: 'Gear', metadata: { name: 'g', ...metadata }, teeth: 8 };
    expect((await test.send('POST', gears, object)).code).toBe(201);
    await test.core.idle();
  }

  it('is served as soon as its creation is answered', async () => {
    await makeGears();
    const status = (await test.send('GET', `${definitions}/gears.gear.example`)).body['status'];
    expect(status).toMatchObject({ acceptedNames: { plural: 'gears', kind: 'Gear', listKind: 'GearList' }, storedVersions: ['v1'] });
    expect(JSON.stringify(status)).toContain('"type":"Established"');
  });

  it('shows stored objects under a schema that has grown since', async () => {
    await makeGears();
    const properties = { teeth: { type: 'integer' }, metal: { type: 'string', default: 'steel' } };
    const live = (await test.send('GET', `${definitions}/gears.gear.example`)).body;
    const { spec } = gear('gears', 'Gear', properties);
    expect((await test.send('PUT', `${definitions}/gears.gear.example`, { ...live, spec: spec ?? null })).code).toBe(200);
    expect((await test.send('GET', `${gears}/g`)).body).toMatchObject({ teeth: 8, metal: 'steel' });
  });

  it('whose names are taken is not served until they are free', async () => {
    await makeGears();
    await test.send('POST', definitions, gear('cogs', 'Gear'));
    await test.core.idle();
    expect(JSON.stringify((await test.send('GET', `${definitions}/cogs.gear.example`)).body)).toContain('is already in use');
    expect((await test.send('GET', '/apis/gear.example/v1/cogs')).code).toBe(404);
    await test.send('DELETE', `${definitions}/gears.gear.example`);
    await test.core.idle();
    expect(await exists(`${definitions}/gears.gear.example`)).toBe(false);
    expect(await exists('/apis/gear.example/v1/cogs')).toBe(true);
  });

  it('keeps its objects with finalizers, and goes after them', async () => {
    await makeGears({ finalizers: ['gear.example/hold'] });
    await test.send('DELETE', `${definitions}/gears.gear.example`);
    await test.core.idle();
    expect(await exists(`${gears}/g`)).toBe(true);
    await test.send('PATCH', `${gears}/g`, { metadata: { finalizers: null } }, merge);
    await test.core.idle();
    expect(await exists(`${definitions}/gears.gear.example`)).toBe(false);
    expect((await test.send('GET', gears)).code).toBe(404);
  });

  it('that is broken is refused by name', async () => {
    const broken = widgetCrd();
    broken['metadata'] = { name: 'other.test.example' };
    expect((await test.send('POST', definitions, broken)).body).toMatchObject({
      code: 422,
      message: expect.stringContaining('metadata.name') as string,
    });
  });
});
