import { describe, expect, it } from 'vitest';
import { renderFieldError } from '../field-error.ts';
import type { Json } from '../object.ts';
import { validateListTypes } from './list-types.ts';
import { readStructural } from './structural.ts';

function refusals(list: Json, value: Json): string[] {
  return validateListTypes({ x: value }, readStructural({ type: 'object', properties: { x: list } })).map(renderFieldError);
}

const set: Json = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
const map = (...keys: string[]): Json => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  items: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } } },
});

describe('list types', () => {
  it('refuse a repeated value of a set, once a value', () => {
    expect(refusals(set, ['a', 'b', 'a', 'a', 'b'])).toEqual(['x[2]: Duplicate value: "a"', 'x[4]: Duplicate value: "b"']);
  });

  it('refuse repeated keys of a map', () => {
    expect(refusals(map('a'), [{ a: 'x' }, { a: 'x', b: 1 }])).toEqual(['x[1]: Duplicate value: {"a":"x"}']);
    const two = [
      { a: 'x', b: 1 },
      { a: 'x', b: 2 },
      { a: 'x', b: 1 },
    ];
    expect(refusals(map('a', 'b'), two)).toEqual(['x[2]: Duplicate value: {"a":"x","b":1}']);
  });

  it('refuse an element of a map that is no object', () => {
    expect(refusals(map('a'), [1])).toEqual(['x[0]: Invalid value: 1: must be an object for an array of list-type map']);
  });
});
