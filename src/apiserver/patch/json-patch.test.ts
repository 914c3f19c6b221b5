import fc from 'fast-check';
import fastJsonPatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../object.ts';
import { applyJsonPatch, JsonPatchMismatch } from './json-patch.ts';

const document = { a: { b: 1, list: ['x', 'y'] }, 'a/b': 0, 'm~n': 1 };

describe('applyJsonPatch', () => {
  it.each<[string, JsonObject[], Json]>([
    ['adds a key', [{ op: 'add', path: '/a/c', value: 2 }], { ...document, a: { ...document.a, c: 2 } }],
    ['inserts into a list', [{ op: 'add', path: '/a/list/1', value: 'z' }], { ...document, a: { b: 1, list: ['x', 'z', 'y'] } }],
    ['appends to a list', [{ op: 'add', path: '/a/list/-', value: 'z' }], { ...document, a: { b: 1, list: ['x', 'y', 'z'] } }],
    ['removes an item', [{ op: 'remove', path: '/a/list/0' }], { ...document, a: { b: 1, list: ['y'] } }],
    ['counts negative indexes from the end', [{ op: 'remove', path: '/a/list/-1' }], { ...document, a: { b: 1, list: ['x'] } }],
    ['replaces', [{ op: 'replace', path: '/a/b', value: null }], { ...document, a: { ...document.a, b: null } }],
    ['sets a missing key on replace', [{ op: 'replace', path: '/new', value: 1 }], { ...document, new: 1 }],
    ['moves', [{ op: 'move', from: '/a/b', path: '/b' }], { ...document, a: { list: ['x', 'y'] }, b: 1 }],
    ['copies', [{ op: 'copy', from: '/a/list', path: '/l' }], { ...document, l: ['x', 'y'] }],
    ['tests', [{ op: 'test', path: '/a', value: { list: ['x', 'y'], b: 1 } }], document],
    ['finds a missing key equal to null', [{ op: 'test', path: '/nothing', value: null }], document],
    [
      'reads escaped keys',
      [
        { op: 'test', path: '/a~1b', value: 0 },
        { op: 'remove', path: '/m~0n' },
      ],
      { a: document.a, 'a/b': 0 },
    ],
  ])('%s', (_what, operations, expected) => {
    expect(applyJsonPatch(document, operations)).toEqual(expected);
  });

  it.each<[string, JsonObject]>([
    ['a path without a parent', { op: 'add', path: '/x/y', value: 1 }],
    ['a path that does not start with a slash', { op: 'add', path: 'a', value: 1 }],
    ['removal of a missing key', { op: 'remove', path: '/x' }],
    ['an index past the end', { op: 'add', path: '/a/list/3', value: 1 }],
    ['an index that is none', { op: 'replace', path: '/a/list/x', value: 1 }],
    ['a move from nowhere', { op: 'move', from: '/x', path: '/y' }],
    ['another value than the tested one', { op: 'test', path: '/a/b', value: 2 }],
    ['an unknown operation', { op: 'frobnicate', path: '/a' }],
    ['an operation without path', { op: 'remove' }],
    ['a scalar in place of the document', { op: 'replace', path: '', value: 1 }],
  ])('refuses %s', (_what, operation) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow(JsonPatchMismatch);
  });

  it('leaves the document alone when a later operation fails', () => {
    const copy = structuredClone(document);
    expect(() =>
      applyJsonPatch(copy, [
        { op: 'remove', path: '/a/b' },
        { op: 'remove', path: '/x' },
      ]),
    ).toThrow(JsonPatchMismatch);
    expect(copy).toEqual(document);
  });

  it('keeps __proto__ as a plain key', () => {
    const result = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(() => applyJsonPatch({}, [{ op: 'add', path: '/__proto__/polluted', value: true }])).toThrow(JsonPatchMismatch);
  });

  it('turns any document into any other by the difference another library computes', () => {
    const json = fc.object({
      maxDepth: 3,
      values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null)],
    }) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(json, json, (before, after) => {
        fc.pre(!JSON.stringify([before, after]).includes('__proto__'));
        const operations = fastJsonPatch.compare(before, after) as unknown as JsonObject[];
        expect(applyJsonPatch(before, operations)).toEqual(after);
      }),
    );
  });
});
