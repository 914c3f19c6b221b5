import { describe, expect, it } from 'vitest';
import { readStructural } from '../structural.ts';
import { escapeProperty } from './escape.ts';
import { resolveFieldPath } from './field-path.ts';
import { identifiers, renameCalls, usesVariable } from './tokens.ts';

const schema = readStructural({
  type: 'object',
  properties: {
    a: { type: 'object', properties: { 'b.c': { type: 'string' } } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    list: { type: 'array', items: { type: 'string' } },
  },
});

describe('a field path', () => {
  it.each([
    ['.a', 'a'],
    [".a['b.c']", 'a.b.c'],
    ['.labels.x', 'labels[x]'],
    [String.raw`.labels['it\'s']`, "labels[it's]"],
  ])('%s leads to %s', (path, expected) => {
    expect(resolveFieldPath(path, schema)).toMatchObject({ path: expected });
  });

  it.each([
    ['.x', 'does not refer to a valid field'],
    ['a', 'expected [ or . but got: a'],
    ['.', 'unexpected end of JSON path'],
    ['.list[0]', 'expected single quoted string but got 0'],
    [".labels['x", "expected single quoted string but got '"],
  ])('%s is refused', (path, problem) => {
    expect(resolveFieldPath(path, schema)).toEqual({ problem });
  });

  it('may be kept from brackets', () => {
    expect(resolveFieldPath(".labels['x']", schema, false)).toEqual({ problem: 'array notation is not allowed' });
  });
});

describe('the identifiers of an expression', () => {
  it('are not looked for in texts and comments', () => {
    const source = `self.a == "oldSelf" && r'\\' != 'oldSelf.b' // oldSelf`;
    expect(usesVariable(source, 'oldSelf')).toBe(false);
    expect(usesVariable('self.oldSelf == 1', 'oldSelf')).toBe(false);
    expect(usesVariable('self == oldSelf', 'oldSelf')).toBe(true);
    expect(identifiers('a.b(c)').map(({ name, member, called }) => [name, member, called])).toEqual([
      ['a', false, false],
      ['b', true, true],
      ['c', false, false],
    ]);
  });

  it('are renamed only where they are called', () => {
    expect(renameCalls('self.trim == x.trim() + "trim()"', new Map([['trim', 'k8s_trim']]))).toBe('self.trim == x.k8s_trim() + "trim()"');
  });
});

describe('a property name', () => {
  it('is escaped where it is no identifier', () => {
    expect(['a-b', 'a.b', 'a/b', 'a__b', 'in', 'ok'].map(escapeProperty)).toEqual([
      'a__dash__b',
      'a__dot__b',
      'a__slash__b',
      'a__underscores__b',
      '__in__',
      'ok',
    ]);
    expect(escapeProperty('1a')).toBeUndefined();
    expect(escapeProperty('a b')).toBeUndefined();
  });
});
