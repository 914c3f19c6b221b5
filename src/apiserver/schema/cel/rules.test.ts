import { describe, expect, it } from 'vitest';
import { renderFieldError } from '../../field-error.ts';
import type { Json } from '../../object.ts';
import { readStructural } from '../structural.ts';
import { validateRules } from './rules.ts';

/** What rules of `schema` refuse in `value`, which stands at `x`. */
function refusals(schema: Json, value: Json, old?: Json): string[] {
  return validateRules(readStructural(schema), false, value, old, 'x').map(renderFieldError);
}

const rule = (schema: { [key: string]: Json }, ...rules: Json[]): Json => ({ ...schema, 'x-kubernetes-validations': rules });
const text = { type: 'string' };

describe('a rule', () => {
  it('refuses with its message, or with itself', () => {
    expect(refusals(rule(text, { rule: "self == 'a' ", message: ' must be a ' }), 'b')).toEqual(['x: Invalid value: "b": must be a']);
    expect(refusals(rule(text, { rule: " self == 'a' " }), 'b')).toEqual([`x: Invalid value: "b": failed rule: self == 'a'`]);
  });

  it('makes its message of the value, and falls back where that fails', () => {
    const made = { rule: 'self.a > 5', messageExpression: '"is " + string(self.a)', message: 'too small' };
    const schema = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } } };
    expect(refusals(rule(schema, made), { a: 1 })).toEqual(['x: Invalid value: is 1']);
    expect(refusals(rule(schema, { ...made, messageExpression: 'self.b' }), { a: 1 })).toEqual(['x: Invalid value: too small']);
  });

  it('refuses for its reason, at its field', () => {
    const schema = { type: 'object', properties: { 'a.b': text } };
    const at = (reason: string): string[] => refusals(rule(schema, { rule: 'false', message: 'no', reason, fieldPath: "['a.b']" }), {});
    expect(at('FieldValueForbidden')).toEqual(['x.a.b: Forbidden: no']);
    expect(at('FieldValueRequired')).toEqual(['x.a.b: Required value: no']);
    expect(at('FieldValueDuplicate')).toEqual(['x.a.b: Duplicate value']);
  });

  it('reads properties by their escaped names', () => {
    const properties = { 'a-b': text, 'a.b': text, 'a/b': text, a__b: text, namespace: text, '1a': text };
    const all = "self.a__dash__b + self.a__dot__b + self.a__slash__b + self.a__underscores__b + self.__namespace__ == '12345'";
    const value = { 'a-b': '1', 'a.b': '2', 'a/b': '3', a__b: '4', namespace: '5', '1a': '' };
    expect(refusals(rule({ type: 'object', properties }, { rule: all }), value)).toEqual([]);
  });

  it('sees numbers as their schema has them', () => {
    const schema = {
      type: 'object',
      properties: { i: { type: 'integer' }, d: { type: 'number' }, io: { 'x-kubernetes-int-or-string': true } },
    };
    const rules = ['self.i == 2 && self.d == 2.0', 'self.i / 4 == 0', 'type(self.io) == int', 'self.d > self.i || self.d <= self.i'];
    expect(refusals(rule(schema, ...rules.map((one) => ({ rule: one }))), { i: 2, d: 2, io: 2 })).toEqual([]);
  });

  it('sees times, durations and bytes', () => {
    const properties = { t: { ...text, format: 'date-time' }, d: { ...text, format: 'duration' }, b: { ...text, format: 'byte' } };
    const value = { t: '2020-01-02T03:04:05Z', d: '1h30m', b: 'aGk=' };
    const all = "self.t.getFullYear() == 2020 && self.d == duration('90m') && self.b == b'hi'";
    expect(refusals(rule({ type: 'object', properties }, { rule: all }), value)).toEqual([]);
  });

  it('takes a null field for a missing one', () => {
    const schema = { type: 'object', properties: { a: { ...text, nullable: true } } };
    expect(refusals(rule(schema, { rule: '!has(self.a)' }), { a: null })).toEqual([]);
  });

  it('that fails on a value refuses it, and says how', () => {
    const schema = { type: 'object', properties: { a: text } };
    expect(refusals(rule(schema, { rule: "self.a == 'x'" }), {})).toEqual([
      `x: Invalid value: "object": no such key: a evaluating rule: self.a == 'x'`,
    ]);
  });

  it('stands anywhere, also beside others under a node without rules', () => {
    const part = rule({ type: 'object', properties: { n: { type: 'integer' } } }, { rule: 'self.n > 0' });
    const schema = { type: 'object', properties: { a: part, b: part, 'c d': part } };
    expect(refusals(schema, { a: { n: 0 }, b: { n: 1 }, 'c d': { n: 0 } })).toEqual([
      'x.a: Invalid value: failed rule: self.n > 0',
      'x.c d: Invalid value: failed rule: self.n > 0',
    ]);
  });

  it('compares lists of maps', () => {
    const maps = { type: 'array', items: { type: 'object', additionalProperties: { type: 'integer' } } };
    const schema = rule({ type: 'object', properties: { a: maps, b: maps } }, { rule: 'self.a == self.b' });
    expect(refusals(schema, { a: [{ k: 1 }], b: [{ k: 1 }] })).toEqual([]);
    expect(refusals(schema, { a: [{ k: 1 }], b: [{ k: 2 }] })).toHaveLength(1);
  });

  it('that reads an old value of another type fails on it as the server does', () => {
    const schema = { type: 'object', properties: { a: text } };
    expect(refusals(rule(schema, { rule: "self.a == 'x'" }), { a: 5 })).toEqual([
      `x: Invalid value: "object": invalid data, expected string, got int64 evaluating rule: self.a == 'x'`,
    ]);
  });

  it('cannot be led astray by keys like __proto__ and constructor', () => {
    const schema = { type: 'object', additionalProperties: text };
    const value = JSON.parse('{"__proto__": "x", "toString": "y"}') as Json;
    expect(refusals(rule(schema, { rule: "self.size() == 2 && self['__proto__'] == 'x' && !('constructor' in self)" }), value)).toEqual([]);
  });
});

describe('a transition rule', () => {
  const immutable = rule(text, { rule: 'self == oldSelf', message: 'is immutable' });

  it('runs only where there is an old value', () => {
    expect(refusals(immutable, 'a')).toEqual([]);
    expect(refusals(immutable, 'a', 'a')).toEqual([]);
    expect(refusals(immutable, 'a', 'b')).toEqual(['x: Invalid value: "a": is immutable']);
  });

  it('may take the old value as an optional and then always runs', () => {
    const once = rule(text, { rule: "oldSelf.hasValue() || self == 'new'", optionalOldSelf: true });
    expect(refusals(once, 'new')).toEqual([]);
    expect(refusals(once, 'other')).toHaveLength(1);
    expect(refusals(once, 'other', 'x')).toEqual([]);
  });

  it('compares sets and map lists in any order, other lists in theirs', () => {
    const list = (kind: string, items: Json, extra: { [key: string]: Json } = {}): Json =>
      rule({ type: 'array', 'x-kubernetes-list-type': kind, items, ...extra }, { rule: 'self == oldSelf' });
    const item = { type: 'object', properties: { k: text, v: { type: 'integer' } } };
    expect(refusals(list('set', text), ['a', 'b'], ['b', 'a'])).toEqual([]);
    expect(refusals(list('atomic', text), ['a', 'b'], ['b', 'a'])).toHaveLength(1);
    const entries: Json[] = [
      { k: 'a', v: 1 },
      { k: 'b', v: 2 },
    ];
    const keyed = list('map', item, { 'x-kubernetes-list-map-keys': ['k'] });
    expect(refusals(keyed, entries, [...entries].reverse())).toEqual([]);
    expect(
      refusals(keyed, entries, [
        { k: 'a', v: 1 },
        { k: 'b', v: 3 },
      ]),
    ).toHaveLength(1);
  });

  it('adds sets up without repetition and map lists by key', () => {
    const set = rule({ type: 'array', 'x-kubernetes-list-type': 'set', items: text }, { rule: "(self + ['b', 'c']).size() == 3" });
    expect(refusals(set, ['a', 'b'])).toEqual([]);
  });
});
