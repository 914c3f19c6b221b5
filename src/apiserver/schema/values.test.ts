import { describe, expect, it } from 'vitest';
import { renderFieldError } from '../field-error.ts';
import type { Json } from '../object.ts';
import { readStructural } from './structural.ts';
import { prepareValueNode } from './value-node.ts';
import { validateValue } from './values.ts';

/** What is refused in `value` as spec.x under `schema`. */
function refusals(schema: Json, value: Json): string[] {
  const whole = { type: 'object', properties: { spec: { type: 'object', properties: { x: schema } } } };
  return validateValue(prepareValueNode(readStructural(whole)), { spec: { x: value } }).map(renderFieldError);
}

describe('value validation', () => {
  // The texts were compared with those of apiextensions 1.36.
  it.each<[string, Json, Json, string[]]>([
    ['a wrong type', { type: 'integer' }, 'x', ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"']],
    ['null', { type: 'string' }, null, ['spec.x: Invalid value: "null": spec.x in body must be of type string: "null"']],
    ['null where it is allowed', { type: 'string', nullable: true }, null, []],
    ['a whole number as a number', { type: 'number' }, 1, []],
    [
      'a fraction as a whole number',
      { type: 'integer' },
      1.5,
      [
        'spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.x',
      ],
    ],
    [
      'a number past 32 bits',
      { type: 'integer', format: 'int32' },
      2 ** 31,
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.x'],
    ],
    [
      'int-or-string',
      { 'x-kubernetes-int-or-string': true },
      true,
      ['spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"'],
    ],
    ['an enumeration', { type: 'string', enum: ['A', 'B'] }, 'C', ['spec.x: Unsupported value: "C": supported values: "A", "B"']],
    ['a pattern', { type: 'string', pattern: '^a$' }, 'b', [`spec.x: Invalid value: "b": spec.x in body should match '^a$'`]],
    ['a long text', { type: 'string', maxLength: 3 }, 'abcd', ['spec.x: Too long: may not be more than 3 bytes']],
    ['a text long in bytes only', { type: 'string', maxLength: 3 }, 'é😀é', []],
    ['a short text', { type: 'string', minLength: 2 }, 'a', ['spec.x: Invalid value: "a": spec.x in body should be at least 2 chars long']],
    ['a format', { type: 'string', format: 'uuid' }, 'x', ['spec.x: Invalid value: "x": spec.x in body must be of type uuid: "x"']],
    ['an unknown format', { type: 'string', format: 'bogus' }, 'x', []],
    ['a minimum', { type: 'integer', minimum: 2 }, 1, ['spec.x: Invalid value: 1: spec.x in body should be greater than or equal to 2']],
    [
      'an exclusive maximum',
      { type: 'integer', maximum: 2, exclusiveMaximum: true },
      2,
      ['spec.x: Invalid value: 2: spec.x in body should be less than 2'],
    ],
    ['a multiple', { type: 'integer', multipleOf: 2 }, 3, ['spec.x: Invalid value: 3: spec.x in body should be a multiple of 2']],
    [
      'too many items',
      { type: 'array', items: { type: 'integer' }, maxItems: 1 },
      [1, 2],
      ['spec.x: Too many: 2: must have at most 1 item'],
    ],
    [
      'too few items',
      { type: 'array', items: { type: 'integer' }, minItems: 1 },
      [],
      ['spec.x: Invalid value: 0: spec.x in body should have at least 1 items'],
    ],
    [
      'an item',
      { type: 'array', items: { type: 'integer' } },
      ['a'],
      ['spec.x[0]: Invalid value: "string": spec.x[0] in body must be of type integer: "string"'],
    ],
    [
      'a value of a map',
      { type: 'object', additionalProperties: { type: 'string' } },
      { k: 1 },
      ['spec.x.k: Invalid value: "integer": spec.x.k in body must be of type string: "integer"'],
    ],
    [
      'a forbidden key',
      { type: 'object', additionalProperties: false },
      { k: 1 },
      ['spec.x: Invalid value: "k": spec.x.k in body is a forbidden property'],
    ],
    ['too many properties', { type: 'object', maxProperties: 0 }, { k: 1 }, ['spec.x: Too many: 1: must have at most 0 items']],
    ['a missing field', { type: 'object', required: ['a'] }, {}, ['spec.x.a: Required value']],
    [
      'none of oneOf',
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      ['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid', 'spec.x.a: Required value'],
    ],
    [
      'both of oneOf',
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1, b: 2 },
      ['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      'none of anyOf',
      { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 1 }] },
      3,
      [
        '<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)',
        'spec.x: Invalid value: 3: spec.x in body should be greater than or equal to 5',
      ],
    ],
    [
      'part of allOf',
      { type: 'integer', allOf: [{ minimum: 5 }, { maximum: 9 }] },
      3,
      [
        'spec.x: Invalid value: 3: spec.x in body should be greater than or equal to 5',
        '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)',
      ],
    ],
    ['not', { type: 'integer', not: { minimum: 5 } }, 6, ['<nil>: Invalid value: "": "spec.x" must not validate the schema (not)']],
  ])('judges %s', (_, schema, value, expected) => {
    expect(refusals(schema, value)).toEqual(expected);
  });

  it('reads a key called __proto__ as any other', () => {
    const value = JSON.parse('{"__proto__": 1}') as Json;
    expect(refusals({ type: 'object', additionalProperties: { type: 'string' } }, value)).toHaveLength(1);
    expect(refusals({ type: 'object', required: ['toString'] }, {})).toEqual(['spec.x.toString: Required value']);
  });
});
