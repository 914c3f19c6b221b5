import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../object.ts';
import { equals, insert, newSet, paths, setOf, type Path } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';
import { describePath, fieldElement, keyElement, valueElement } from './path-element.ts';

const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean()) as fc.Arbitrary<Json>;
const element = fc.oneof(
  fc.string().map(fieldElement),
  scalar.map(valueElement),
  fc.dictionary(fc.string({ minLength: 1 }), scalar, { minKeys: 1, noNullPrototype: true }).map((keys) => keyElement(keys as JsonObject)),
  fc.nat().map((index) => `i:${String(index)}`),
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });

describe('FieldsV1', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.array(path), (members) => {
        const set = newSet();
        for (const member of members) insert(set, member);
        const decoded = decodeFields(encodeFields(set));
        expect(decoded !== undefined && equals(decoded, set)).toBe(true);
        expect(new Set([...paths(set)].map((member) => JSON.stringify(member)))).toEqual(
          new Set(members.map((member) => JSON.stringify(member))),
        );
      }),
    );
  });

  it('writes a dot for a field that is held beside fields below it', () => {
    const set = setOf([fieldElement('spec')], [fieldElement('spec'), fieldElement('x')], [fieldElement('a'), keyElement({ b: 1, a: '<' })]);
    expect(encodeFields(set)).toEqual({
      'f:a': { 'k:{"a":"\\u003c","b":1}': {} },
      'f:spec': { '.': {}, 'f:x': {} },
    });
  });

  it.each<[string, Json]>([
    ['a list', []],
    ['a step of no kind', { 'x:y': {} }],
    ['keys that are no JSON', { 'k:{': {} }],
    ['a value below a step', { 'f:a': 'b' }],
    ['malformed steps below', { 'f:a': { b: {} } }],
  ])('does not read %s', (_what, fields) => {
    expect(decodeFields(fields)).toBeUndefined();
  });
});

describe('describePath', () => {
  it.each<[Path, string]>([
    [[fieldElement('spec'), fieldElement('x')], '.spec.x'],
    [[fieldElement('conditions'), keyElement({ type: 'Ready' })], '.conditions[type="Ready"]'],
    [[fieldElement('ports'), keyElement({ port: 80, protocol: 'TCP' }), fieldElement('name')], '.ports[port=80,protocol="TCP"].name'],
    [[fieldElement('finalizers'), valueElement('a/b')], '.finalizers[="a/b"]'],
  ])('prints %j as kube-apiserver does', (steps, text) => {
    expect(describePath(steps)).toBe(text);
  });
});
