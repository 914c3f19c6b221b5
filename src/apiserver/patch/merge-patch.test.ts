import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json } from '../object.ts';
import { mergePatch } from './merge-patch.ts';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

/** RFC 7386 written down as it stands there, changing a copy. */
function model(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result = new Map<string, Json>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, model(result.get(name) ?? null, value));
  }
  return Object.fromEntries(result);
}

describe('mergePatch', () => {
  it.each<[string, Json, Json, Json]>([
    ['sets a field', { a: 'b' }, { a: 'c' }, { a: 'c' }],
    ['adds a field', { a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    ['removes a field', { a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    ['replaces a list', { a: ['b'] }, { a: 'c' }, { a: 'c' }],
    ['merges below', { a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    ['takes lists whole, nulls in them too', ['a', 'b'], [null, 1], [null, 1]],
    ['makes an object of what was none', { a: 'foo' }, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%s', (_what, target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  it('agrees with the text of RFC 7386', () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        expect(mergePatch(target, patch)).toEqual(model(target, patch));
      }),
    );
  });

  it('changes nothing when applied again', () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it('keeps __proto__ as a plain key', () => {
    const result = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}') as Json);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":true}}');
  });
});
