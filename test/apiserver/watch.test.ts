import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allWidgets, at, startTestCore, textAt, type TestCore, widgetBody, widgets, type WatchReader } from './core.ts';

let test: TestCore;

beforeEach(async () => {
  test = await startTestCore({ events: 50, characters: 1_000_000 });
});

afterEach(async () => {
  expect(test.complaints).toEqual([]);
  await test.stop();
});

/** The next `count` events as `TYPE name`. */
async function take(watch: WatchReader, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const event = await watch.next();
    seen.push(event === undefined ? 'END' : `${event.type} ${textAt(event.object, 'metadata', 'name')}`.trim());
  }
  return seen;
}

const create = (name: string, spec?: Parameters<typeof widgetBody>[1], metadata?: Parameters<typeof widgetBody>[2]) =>
  test.send('POST', widgets, widgetBody(name, spec, metadata));
const patch = (name: string, body: Parameters<TestCore['send']>[2]) =>
  test.send('PATCH', `${widgets}/${name}`, body, { 'content-type': 'application/merge-patch+json' });
const versionNow = async (): Promise<string> => textAt((await test.send('GET', allWidgets)).body, 'metadata', 'resourceVersion');

describe('a watch', () => {
  it('without a version begins with what is there', async () => {
    await create('first');
    const watch = await test.watch(`${widgets}?watch=1&fieldSelector=metadata.name=first`);
    expect(await take(watch, 1)).toEqual(['ADDED first']);
    await patch('first', { spec: { size: 5 } });
    await test.send('DELETE', `${widgets}/first`);
    expect(await take(watch, 2)).toEqual(['MODIFIED first', 'DELETED first']);
    await watch.cancel();
  });

  it('from a version tells every change since, in order, and the last state with the version of the deletion', async () => {
    const version = await versionNow();
    await create('since');
    await patch('since', { spec: { size: 5 } });
    await test.send('DELETE', `${widgets}/since`);
    const watch = await test.watch(`${widgets}?watch=1&resourceVersion=${version}`);
    expect(await take(watch, 2)).toEqual(['ADDED since', 'MODIFIED since']);
    const deleted = await watch.next();
    expect(deleted?.type).toBe('DELETED');
    expect(at(deleted?.object, 'spec', 'size')).toBe(5);
    expect(at(deleted?.object, 'metadata', 'resourceVersion')).toBe(await versionNow());
    await watch.cancel();
  });

  it('sees an object come and go as it moves in and out of its selector', async () => {
    const byLabel = await test.watch(`${widgets}?watch=1&labelSelector=on%3Dyes&resourceVersion=${await versionNow()}`);
    await create('moves', { color: 'red' }, { labels: { on: 'no' } });
    await patch('moves', { metadata: { labels: { on: 'yes' } } });
    await patch('moves', { spec: { size: 9 } });
    await patch('moves', { metadata: { labels: { on: 'no' } } });
    await test.send('DELETE', `${widgets}/moves`);
    expect(await take(byLabel, 2)).toEqual(['ADDED moves', 'MODIFIED moves']);
    const left = await byLabel.next();
    expect(left?.type).toBe('DELETED');
    expect(at(left?.object, 'metadata', 'labels', 'on')).toBe('yes');
    await create('end', { color: 'red' }, { labels: { on: 'yes' } });
    expect(await take(byLabel, 1)).toEqual(['ADDED end']);
    await byLabel.cancel();
  });

  it('selects by a field that the CRD offers', async () => {
    const watch = await test.watch(`${widgets}?watch=1&fieldSelector=spec.color%3Dblue&resourceVersion=${await versionNow()}`);
    await create('green', { color: 'green' });
    await create('blue', { color: 'blue' });
    expect(await take(watch, 1)).toEqual(['ADDED blue']);
    await watch.cancel();
  });

  it('sends the initial events as a list, then marks their end', async () => {
    await create('red');
    await create('blue', { color: 'blue' });
    const options = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await test.watch(`${allWidgets}?${options}&fieldSelector=metadata.name%3Dblue`);
    expect(await take(watch, 1)).toEqual(['ADDED blue']);
    const bookmark = await watch.next();
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'Widget', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    await watch.cancel();
  });

  it('is told from time to time how far it has come, and ends at its timeout', async () => {
    const watch = await test.watch(`${widgets}?watch=1&allowWatchBookmarks=true&timeoutSeconds=100&resourceVersion=${await versionNow()}`);
    await test.clock.advance(75_000);
    expect(await watch.next()).toMatchObject({ type: 'BOOKMARK', object: { metadata: { resourceVersion: await versionNow() } } });
    await test.clock.advance(26_000);
    const rest = await take(watch, 3);
    expect(rest.at(-1)).toBe('END');
  });

  it('is refused with 410 when the history does not reach back to its version', async () => {
    await create('blue', { color: 'blue' });
    const version = await versionNow();
    for (let size = 0; size < 60; size += 1) await patch('blue', { spec: { size: (size % 10) + 1 } });
    const watch = await test.watch(`${widgets}?watch=1&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    expect(await watch.next()).toBeUndefined();
  });

  it('is refused with 410 when its version is from the future, as after a restore', async () => {
    const watch = await test.watch(`${widgets}?watch=1&resourceVersion=99999999`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  it('is cut off when its reader falls too far behind', async () => {
    await create('blue', { color: 'blue' });
    const slow = await test.watch(`${widgets}?watch=1&resourceVersion=${await versionNow()}`);
    const note = 'x'.repeat(40);
    const annotations = { big: 'y'.repeat(20_000) };
    await patch('blue', { spec: { note }, metadata: { annotations } });
    const resource = test.core.api.registry.find('test.example', 'v1', 'widgets');
    const entry = test.core.api.store.get('widgets.test.example', 'default', 'blue');
    if (resource === undefined || entry === undefined) throw new Error('the widget is gone');
    const writes: Promise<void>[] = [];
    for (let i = 0; i < 2100; i += 1) {
      const object = JSON.parse(entry.text) as Parameters<typeof test.core.api.store.put>[1];
      object['spec'] = { color: 'blue', size: i };
      writes.push(test.core.api.store.put('widgets.test.example', object, entry.tag).durable);
    }
    await Promise.all(writes);
    await expect(
      (async () => {
        while ((await slow.next()) !== undefined);
      })(),
    ).rejects.toThrow(/did not keep up/);
  });

  it('prints rows for kubectl get -w, the columns once', async () => {
    await create('green', { color: 'green' });
    const response = await test.core.handler(
      new Request(`https://localhost${widgets}?watch=1&fieldSelector=metadata.name%3Dgreen`, {
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
      }),
    );
    const reader = response.body?.getReader();
    const first = JSON.parse(Buffer.from((await reader?.read())?.value ?? []).toString()) as {
      object: { rows: { cells: unknown[] }[]; columnDefinitions: unknown[] };
    };
    expect(first.object.columnDefinitions).toHaveLength(6);
    expect(first.object.rows[0]?.cells.slice(0, 3)).toEqual(['green', 'green', 3]);
    await patch('green', { spec: { size: 4 } });
    const second = JSON.parse(Buffer.from((await reader?.read())?.value ?? []).toString()) as { object: { columnDefinitions: unknown } };
    expect(second.object.columnDefinitions).toBeNull();
    await reader?.cancel();
  });

  it('ends when its CRD changes, so that the client looks at the new schema', async () => {
    const watch = await test.watch(`${widgets}?watch=1&resourceVersion=${await versionNow()}`);
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.example';
    const body = [
      { op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/extra', value: { type: 'string' } },
    ];
    expect((await test.send('PATCH', path, body, { 'content-type': 'application/json-patch+json' })).code).toBe(200);
    expect(await watch.next()).toBeUndefined();
  });
});
