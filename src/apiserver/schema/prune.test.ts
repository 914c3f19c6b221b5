import { describe, expect, it } from 'vitest';
import type { Json } from '../object.ts';
import { pruneUnknownFields } from './prune.ts';
import { readStructural } from './structural.ts';

const schema = readStructural({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        known: { type: 'string' },
        list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
        map: { type: 'object', additionalProperties: { type: 'object', properties: { a: { type: 'string' } } } },
        anything: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { strict: { type: 'object', properties: { a: { type: 'string' } } } },
        },
        resource: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { spec: { type: 'object' } },
        },
      },
    },
  },
});

describe('pruning', () => {
  it('drops what the schema does not specify and tells where it was', () => {
    const object: Json = {
      apiVersion: 'v1',
      kind: 'K',
      metadata: { name: 'a' },
      extra: 1,
      spec: { known: 'x', other: 1, list: [{ a: 'x', b: 1 }, {}], map: { k: { a: 'x', b: 1 } } },
    };
    expect(pruneUnknownFields(object, schema, true)).toEqual(['extra', 'spec.list[0].b', 'spec.map.k.b', 'spec.other']);
    expect(object).toEqual({
      apiVersion: 'v1',
      kind: 'K',
      metadata: { name: 'a' },
      spec: { known: 'x', list: [{ a: 'x' }, {}], map: { k: { a: 'x' } } },
    });
  });

  it('keeps everything under x-kubernetes-preserve-unknown-fields but inside what is specified', () => {
    const object: Json = { spec: { anything: { free: { deep: 1 }, strict: { a: 'x', b: 1 } } } };
    expect(pruneUnknownFields(object, schema, true)).toEqual(['spec.anything.strict.b']);
  });

  it('leaves apiVersion, kind and metadata of embedded resources alone', () => {
    const object: Json = { spec: { resource: { apiVersion: 'v1', kind: 'K', metadata: { x: 1 }, spec: {}, other: 1 } } };
    expect(pruneUnknownFields(object, schema, true)).toEqual(['spec.resource.other']);
  });

  it('drops __proto__ and constructor like any unknown key', () => {
    const object = JSON.parse('{"spec": {"__proto__": {"x": 1}, "constructor": 1}}') as Json;
    expect(pruneUnknownFields(object, schema, true)).toEqual(['spec.__proto__', 'spec.constructor']);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});
