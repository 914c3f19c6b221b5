import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/apiserver/object.ts';
import { allWidgets, at, startTestCore, textAt, type TestCore, widgetBody, widgets } from './core.ts';

let test: TestCore;

beforeEach(async () => {
  test = await startTestCore({ events: 40, characters: 1_000_000 });
});

afterEach(async () => {
  expect(test.complaints).toEqual([]);
  await test.stop();
});

const names = (list: Json): unknown[] => (at(list, 'items') as Json[]).map((item) => at(item, 'metadata', 'name'));
const merge = { 'content-type': 'application/merge-patch+json' };

async function create(...named: string[]): Promise<void> {
  for (const name of named) await test.send('POST', widgets, widgetBody(name));
}

describe('creating', () => {
  it('answers what was stored, with what the server sets', async () => {
    const { code, body } = await test.send('POST', widgets, widgetBody('made'));
    expect(code).toBe(201);
    expect(body).toMatchObject({
      metadata: { name: 'made', namespace: 'default', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { color: 'red', size: 3 },
    });
    expect(textAt(body, 'metadata', 'uid')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await test.send('GET', `${widgets}/made`)).body).toEqual(body);
    expect((await test.send('POST', widgets, widgetBody('made'))).body).toMatchObject({ code: 409, reason: 'AlreadyExists' });
  });

  it('makes a name from generateName', async () => {
    const { body } = await test.send('POST', widgets, { ...widgetBody(''), metadata: { generateName: 'gen-' } });
    expect(textAt(body, 'metadata', 'name')).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('ignores a status, and what only the server may set', async () => {
    const sent: JsonObject = { ...widgetBody('modest'), status: { conditions: [] } };
    Object.assign(sent['metadata'] as object, {
      uid: 'mine',
      generation: 7,
      creationTimestamp: '2001-01-01T00:00:00Z',
      deletionTimestamp: '2001-01-01T00:00:00Z',
    });
    const { body } = await test.send('POST', widgets, sent);
    expect(body['status']).toBeUndefined();
    expect(body).toMatchObject({ metadata: { generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' } });
    expect(at(body, 'metadata', 'deletionTimestamp')).toBeUndefined();
  });

  it('of a dry run stores nothing', async () => {
    expect((await test.send('POST', `${widgets}?dryRun=All`, widgetBody('dry'))).code).toBe(201);
    expect((await test.send('GET', `${widgets}/dry`)).code).toBe(404);
  });
});

describe('changing', () => {
  it('counts generations for the spec only, and writes nothing when nothing changes', async () => {
    await test.send('POST', widgets, widgetBody('counted'));
    const path = `${widgets}/counted`;
    const labelled = await test.send('PATCH', path, { metadata: { labels: { a: 'b' } } }, merge);
    expect(at(labelled.body, 'metadata', 'generation')).toBe(1);
    const sized = await test.send('PATCH', path, { spec: { size: 4 } }, merge);
    expect(at(sized.body, 'metadata', 'generation')).toBe(2);
    const status = await test.send(
      'PATCH',
      `${path}/status`,
      { spec: { size: 9 }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
      merge,
    );
    expect(status.body).toMatchObject({ metadata: { generation: 2 }, spec: { size: 4 }, status: { conditions: [{ type: 'Ready' }] } });
    const same = await test.send('PATCH', path, { spec: { size: 4 }, status: {} }, merge);
    expect(same.body).toEqual(status.body);
  });

  it('of two writers from one version lets the first win', async () => {
    const { body } = await test.send('POST', widgets, widgetBody('raced'));
    const put = (size: number) => test.send('PUT', `${widgets}/raced`, { ...body, spec: { color: 'red', size } });
    const outcomes = await Promise.all([put(5), put(6), put(7)]);
    expect(outcomes.map(({ code }) => code)).toEqual([200, 409, 409]);
    expect(at((await test.send('GET', `${widgets}/raced`)).body, 'spec', 'size')).toBe(5);
  });

  it('keeps a finalized object until its last finalizer goes', async () => {
    const path = `${widgets}/held`;
    await test.send('POST', widgets, widgetBody('held', { color: 'red' }, { finalizers: ['test.example/a', 'test.example/b'] }));
    const deleted = await test.send('DELETE', path);
    expect(deleted.body).toMatchObject({ kind: 'Widget', metadata: { deletionGracePeriodSeconds: 0, generation: 2 } });
    expect((await test.send('PATCH', path, { metadata: { finalizers: ['test.example/a', 'test.example/c'] } }, merge)).body).toMatchObject({
      code: 422,
    });
    expect((await test.send('PATCH', path, { metadata: { finalizers: ['test.example/b'] } }, merge)).code).toBe(200);
    expect((await test.send('PATCH', path, { metadata: { finalizers: null } }, merge)).code).toBe(200);
    expect((await test.send('GET', path)).code).toBe(404);
  });

  it('deletes only the object that was meant', async () => {
    const { body } = await test.send('POST', widgets, widgetBody('meant'));
    const path = `${widgets}/meant`;
    const options = (preconditions: Json): Json => ({ kind: 'DeleteOptions', apiVersion: 'v1', preconditions });
    expect((await test.send('DELETE', path, options({ uid: 'other' }))).code).toBe(409);
    expect((await test.send('DELETE', path, options({ resourceVersion: '1' }))).code).toBe(409);
    const right = { uid: textAt(body, 'metadata', 'uid'), resourceVersion: textAt(body, 'metadata', 'resourceVersion') };
    expect((await test.send('DELETE', path, options(right))).body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'meant' },
    });
  });

  it('deletes a selection', async () => {
    for (const name of ['one', 'two', 'three'])
      await test.send('POST', widgets, widgetBody(name, { color: 'red' }, { labels: { sel: name === 'two' ? 'no' : 'yes' } }));
    expect(names((await test.send('DELETE', `${widgets}?labelSelector=sel%3Dyes`)).body)).toEqual(['one', 'three']);
    expect(names((await test.send('GET', `${widgets}?labelSelector=sel`)).body)).toEqual(['two']);
  });
});

describe('listing', () => {
  it('in pages shows one state, however many writes come between', async () => {
    await create('a', 'b', 'c', 'd', 'e');
    const first = await test.send('GET', `${widgets}?limit=2`);
    expect(names(first.body)).toEqual(['a', 'b']);
    expect(at(first.body, 'metadata', 'remainingItemCount')).toBe(3);
    await test.send('DELETE', `${widgets}/c`);
    await create('bb');
    await test.send('PATCH', `${widgets}/d`, { spec: { size: 9 } }, merge);
    const second = await test.send('GET', `${widgets}?limit=2&continue=${textAt(first.body, 'metadata', 'continue')}`);
    expect(names(second.body)).toEqual(['c', 'd']);
    expect(at(second.body, 'items', 1, 'spec', 'size')).toBe(3);
    const third = await test.send('GET', `${widgets}?limit=2&continue=${textAt(second.body, 'metadata', 'continue')}`);
    expect(names(third.body)).toEqual(['e']);
    expect(at(third.body, 'metadata', 'resourceVersion')).toBe(at(first.body, 'metadata', 'resourceVersion'));
    expect(names((await test.send('GET', widgets)).body)).toEqual(['a', 'b', 'bb', 'd', 'e']);
  });

  it('in pages is refused when the history has passed, with a token to go on without consistency', async () => {
    await create('a', 'b', 'c', 'd', 'e');
    const first = await test.send('GET', `${widgets}?limit=2`);
    for (let i = 0; i < 50; i += 1) await test.send('PATCH', `${widgets}/e`, { spec: { size: (i % 9) + 1 } }, merge);
    const expired = await test.send('GET', `${widgets}?limit=2&continue=${textAt(first.body, 'metadata', 'continue')}`);
    expect(expired).toMatchObject({ code: 410, body: { reason: 'Expired' } });
    const onwards = await test.send('GET', `${widgets}?limit=9&continue=${textAt(expired.body, 'metadata', 'continue')}`);
    expect(names(onwards.body)).toEqual(['c', 'd', 'e']);
  });

  it('over all namespaces is ordered by namespace and name', async () => {
    await create('a', 'c');
    await test.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'before' } });
    for (const name of ['d', 'b']) await test.send('POST', widgets.replace('default', 'before'), widgetBody(name));
    const all = (at((await test.send('GET', allWidgets)).body, 'items') as Json[]).map(
      (item) => `${textAt(item, 'metadata', 'namespace')}/${textAt(item, 'metadata', 'name')}`,
    );
    expect(all).toEqual(['before/b', 'before/d', 'default/a', 'default/c']);
  });

  it('gives metadata alone, or a table, when asked to', async () => {
    await create('a', 'b');
    const as = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` });
    const partial = await test.send('GET', widgets, undefined, as('PartialObjectMetadataList'));
    expect(partial.body).toMatchObject({ kind: 'PartialObjectMetadataList' });
    expect(at(partial.body, 'items', 0, 'kind')).toBe('PartialObjectMetadata');
    expect(at(partial.body, 'items', 0, 'spec')).toBeUndefined();
    const table = await test.send('GET', `${widgets}?includeObject=None&limit=1`, undefined, as('Table'));
    expect(table.body).toMatchObject({ kind: 'Table', metadata: { remainingItemCount: expect.any(Number) as number } });
    expect(at(table.body, 'rows', 0, 'object')).toBeNull();
  });
});
