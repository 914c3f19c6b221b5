import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../object.ts';
import { Collection } from './collection.ts';
import { createEntry, type Entry } from './entry.ts';

/** A write: to which namespace and name, and whether it removes. */
const writes = fc.array(
  fc.record({ namespace: fc.constantFrom('a', 'a-b', 'b', ''), name: fc.constantFrom('x', 'x-1', 'y', 'z.0'), remove: fc.boolean() }),
  { maxLength: 40 },
);

function entryOf(namespace: string, name: string, revision: number): Entry {
  const metadata = { name, ...(namespace !== '' && { namespace }), uid: 'u', resourceVersion: String(revision), creationTimestamp: '' };
  const object: KubeObject = { apiVersion: 'v1', kind: 'Thing', metadata };
  return createEntry(object, revision, 'tag');
}

/** Applies the writes, and answers the state after each revision as `key@revision` texts in order. */
function play(collection: Collection, list: readonly { namespace: string; name: string; remove: boolean }[]): string[][] {
  const state = new Map<string, number>();
  const history: string[][] = [[]];
  for (const [index, { namespace, name, remove }] of list.entries()) {
    const revision = index + 1;
    const entry = entryOf(namespace, name, revision);
    const previous = collection.newest(entry.key);
    if (remove && previous !== undefined) {
      collection.apply({ type: 'DELETED', revision, entry, previous });
      state.delete(entry.key);
    } else if (!remove) {
      collection.apply({ type: previous === undefined ? 'ADDED' : 'MODIFIED', revision, entry, previous });
      state.set(entry.key, revision);
    }
    history.push([...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, at]) => `${key}@${at}`));
  }
  return history;
}

const show = (entries: readonly Entry[]): string[] => entries.map(({ key, revision }) => `${key}@${revision}`);
const keyOf = (shown: string): string => shown.slice(0, shown.lastIndexOf('@'));
const unlimited = { events: 1000, characters: 1_000_000 };

describe('a collection', () => {
  it('shows the state after any write, whole, by namespace, in pages and object by object', () => {
    fc.assert(
      fc.property(writes, fc.nat(), fc.constantFrom('', 'a/', 'b/'), fc.nat({ max: 5 }), (list, pick, prefix, limit) => {
        const collection = new Collection(0, unlimited);
        const history = play(collection, list);
        const revision = pick % history.length;
        const expected = (history[revision] ?? []).filter((shown) => shown.startsWith(prefix));
        expect(show(collection.snapshot(revision, prefix))).toEqual(expected);
        expect(collection.count(revision, prefix)).toBe(expected.length);
        const after = expected[limit];
        if (after !== undefined) {
          const rest = expected.slice(limit + 1);
          expect(show(collection.snapshot(revision, prefix, keyOf(after), 2).slice(0, 2))).toEqual(rest.slice(0, 2));
          expect(collection.count(revision, prefix, keyOf(after))).toBe(rest.length);
        }
        for (const shown of expected)
          expect(show([collection.at(keyOf(shown), revision)].flatMap((entry) => entry ?? []))).toEqual([shown]);
      }),
    );
  });

  it('undone to a revision is as it was then, and goes on from there', () => {
    fc.assert(
      fc.property(writes, fc.nat(), (list, pick) => {
        const collection = new Collection(0, unlimited);
        const history = play(collection, list);
        const revision = pick % history.length;
        collection.rollBack(revision);
        expect(show(collection.snapshot(Infinity, ''))).toEqual(history[revision]);
        expect(collection.size).toBe(history[revision]?.length);
      }),
    );
  });

  it('forgets no more than it must, and never what is not durable', () => {
    fc.assert(
      fc.property(writes, fc.nat({ max: 40 }), (list, durable) => {
        const collection = new Collection(0, { events: 4, characters: 1_000_000 });
        const history = play(collection, list);
        collection.trim(durable);
        expect(collection.oldest).toBeLessThanOrEqual(durable);
        for (let revision = collection.oldest; revision < history.length; revision += 1) {
          expect(show(collection.snapshot(revision, ''))).toEqual(history[revision]);
        }
      }),
    );
  });
});
