import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../object.ts';
import { parseEntry } from './entry.ts';
import { ObjectStore, type ObjectStoreOptions } from './object-store.ts';

let directory: string;
let open: ObjectStore[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mdev-store-'));
  open = [];
});

afterEach(async () => {
  for (const store of open) await store.close();
  await rm(directory, { recursive: true });
});

async function openStore(options: Partial<ObjectStoreOptions> = {}): Promise<ObjectStore> {
  const store = await ObjectStore.open({ path: join(directory, 'store.db'), ...options });
  open.push(store);
  return store;
}

async function closeStore(store: ObjectStore): Promise<void> {
  open.splice(open.indexOf(store), 1);
  await store.close();
}

function thing(name: string, payload = ''): KubeObject {
  const metadata = { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Thing', metadata, payload };
}

/** Subscribers are told a turn after the writer. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the object store', () => {
  it('keeps objects and revisions over a restart, and never gives a revision twice', async () => {
    const store = await openStore();
    await store.put('things', thing('a'), 'tag').durable;
    const { entry } = store.put('things', thing('b'), 'tag');
    await store.settled();
    await store.remove('things', entry).durable;
    const last = store.durableRevision;
    await closeStore(store);

    const again = await openStore();
    expect(again.durableRevision).toBe(last);
    expect([...again.collection('things').all()].map(({ key, tag }) => [key, tag])).toEqual([['ns/a', 'tag']]);
    const write = again.put('things', thing('c'), 'tag');
    await write.durable;
    expect(write.entry.revision).toBeGreaterThan(last);
  });

  it('shows readers and watchers a write only when it is durable', async () => {
    const store = await openStore();
    const heard: string[] = [];
    store.subscribe('things', (event) => heard.push(`${event.type} ${event.entry.name}`));
    const write = store.put('things', thing('a'), 'tag');
    expect(store.collection('things').newest('ns/a')).toBeDefined();
    expect(store.get('things', 'ns', 'a')).toBeUndefined();
    expect(store.collection('things').snapshot(store.durableRevision, '')).toEqual([]);
    expect(heard).toEqual([]);
    await write.durable;
    expect(store.get('things', 'ns', 'a')).toBe(write.entry);
    await nextTurn();
    expect(heard).toEqual(['ADDED a']);
  });

  it('hands many writes of one turn to the disk as a group, in order', async () => {
    const store = await openStore();
    const revisions: number[] = [];
    store.subscribe('things', (event) => revisions.push(event.revision));
    await Promise.all(Array.from({ length: 500 }, (_, index) => store.put('things', thing(`t${index}`), 'tag').durable));
    await nextTurn();
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(500);
  });

  it('undoes what a full disk refuses, with all that was queued behind it, and goes on', async () => {
    const store = await openStore({ maxPages: 40 });
    await store.put('things', thing('small', 'before'), 'tag').durable;
    await nextTurn();
    const heard: string[] = [];
    store.subscribe('things', (event) => heard.push(event.entry.name));
    const big = store.put('things', thing('big', 'x'.repeat(1_000_000)), 'tag');
    const replaced = store.put('things', thing('small', 'after'), 'tag');
    const removed = store.remove('things', replaced.entry);
    const outcomes = await Promise.allSettled([big.durable, replaced.durable, removed.durable]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(String((outcomes[0] as PromiseRejectedResult).reason)).toMatch(/database or disk is full/);
    expect(heard).toEqual([]);
    const kept = store.get('things', 'ns', 'small');
    expect(kept !== undefined && parseEntry(kept)['payload']).toBe('before');
    expect(store.collection('things').size).toBe(1);
    await store.put('things', thing('later'), 'tag').durable;
    await nextTurn();
    expect(heard).toEqual(['later']);
    await closeStore(store);
    expect((await openStore()).collection('things').size).toBe(2);
  });

  it('confirms a state only when it is durable, and refuses to when it was undone', async () => {
    const store = await openStore({ maxPages: 40 });
    const good = store.put('things', thing('good'), 'tag');
    await Promise.all([store.confirm(good.entry), good.durable]);
    expect(store.durableRevision).toBe(good.entry.revision);
    const lost = store.put('things', thing('lost', 'x'.repeat(1_000_000)), 'tag');
    const outcomes = await Promise.allSettled([store.confirm(lost.entry), lost.durable]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('refuses a second server on the same file', async () => {
    await openStore();
    await expect(openStore()).rejects.toThrow(/does another API server run on this data directory/);
  });

  it('makes files that only their owner may read', async () => {
    const store = await openStore();
    await store.put('things', thing('a'), 'tag').durable;
    for (const file of ['store.db', 'store.db-wal']) expect((await stat(join(directory, file))).mode & 0o777, file).toBe(0o600);
  });

  it('shows the state of any revision its history reaches, and says how far that is', async () => {
    const store = await openStore({ history: { events: 8, characters: 1_000_000 } });
    const things = store.collection('things');
    const a = store.put('things', thing('a', '1'), 'tag');
    store.put('things', thing('b', '1'), 'tag');
    await store.settled();
    const past = store.durableRevision;
    store.put('things', thing('a', '2'), 'tag');
    store.put('things', thing('c', '1'), 'tag');
    await store.remove('things', a.entry).durable;
    const state = (revision: number): unknown[] =>
      things.snapshot(revision, 'ns/').map((entry) => [entry.name, parseEntry(entry)['payload']]);
    expect(state(past)).toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);
    expect(state(store.durableRevision)).toEqual([
      ['b', '1'],
      ['c', '1'],
    ]);
    expect(things.changes(past, store.durableRevision).map(({ type }) => type)).toEqual(['MODIFIED', 'ADDED', 'DELETED']);
    expect(things.oldest).toBeLessThanOrEqual(past);
    for (let index = 0; index < 20; index += 1) await store.put('things', thing('b', String(index)), 'tag').durable;
    expect(things.oldest).toBeGreaterThan(past);
  });
});
