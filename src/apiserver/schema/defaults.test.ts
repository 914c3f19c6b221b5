import { describe, expect, it } from 'vitest';
import type { Json } from '../object.ts';
import { applyDefaults } from './defaults.ts';
import { readStructural } from './structural.ts';

function defaulted(schema: Json, value: Json): Json {
  applyDefaults(value, readStructural(schema));
  return value;
}

const nested: Json = {
  type: 'object',
  properties: {
    outer: { type: 'object', default: {}, properties: { inner: { type: 'integer', default: 7 } } },
    list: { type: 'array', items: { type: 'object', properties: { on: { type: 'boolean', default: true } } } },
    plain: { type: 'string' },
    nullable: { type: 'string', nullable: true, default: 'x' },
    map: { type: 'object', additionalProperties: { type: 'object', properties: { n: { type: 'integer', default: 1 } } } },
  },
};

describe('defaulting', () => {
  it('fills in at every depth, inside defaults and elements too', () => {
    expect(defaulted(nested, { list: [{}, { on: false }], map: { k: {} } })).toEqual({
      outer: { inner: 7 },
      list: [{ on: true }, { on: false }],
      map: { k: { n: 1 } },
      nullable: 'x',
    });
  });

  it('takes null for missing unless null is allowed', () => {
    expect(defaulted(nested, { outer: null, plain: null, nullable: null })).toEqual({ outer: { inner: 7 }, nullable: null });
  });

  it('never shares a default between objects', () => {
    const schema: Json = { type: 'object', properties: { list: { type: 'array', items: { type: 'string' }, default: ['a'] } } };
    const structural = readStructural(schema);
    const [first, second]: { list: Json[] }[] = [{} as { list: Json[] }, {} as { list: Json[] }];
    applyDefaults(first ?? null, structural);
    first?.list.push('b');
    applyDefaults(second ?? null, structural);
    expect(second).toEqual({ list: ['a'] });
  });
});
