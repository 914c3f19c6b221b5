import protobuf from 'protobufjs/light.js';
import { describe, expect, it } from 'vitest';
import { builtinResources } from '../builtin/resources.ts';
import type { Json, JsonObject } from '../object.ts';
import type { OpenApiResource } from './served-type.ts';
import { openapiV2Document } from './v2.ts';
import { openapiV2Messages } from './v2-messages.ts';
import { encodeOpenapiV2 } from './v2-protobuf.ts';
import { openapiV3Document, openapiV3Documents, openapiV3Root } from './v3.ts';

const widget: OpenApiResource = {
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  schema: {
    type: 'object',
    description: 'A widget.',
    required: ['spec'],
    properties: {
      spec: {
        type: 'object',
        description: 'What is wanted.',
        properties: {
          size: { type: 'integer', description: 'How large.', nullable: true },
          tags: { type: 'object', additionalProperties: { type: 'string' } },
          list: { type: 'array', items: { type: 'string', enum: ['a', 'b'], default: 'a' } },
        },
      },
    },
  },
};
const resources = [...builtinResources, widget];

function* references(value: Json): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === '$ref' && typeof child === 'string') yield child;
    else yield* references(child);
  }
}
const at = (value: Json, ...path: string[]): Json | undefined =>
  path.reduce<Json | undefined>((node, key) => (node as JsonObject | undefined)?.[key], value);

describe('openapiV3Documents', () => {
  const documents = openapiV3Documents(resources);

  it.each([...documents])('%s refers only to what it holds', (_path, text) => {
    const document = JSON.parse(text) as JsonObject;
    const names = new Set(Object.keys(at(document, 'components', 'schemas') as JsonObject).map((name) => `#/components/schemas/${name}`));
    expect([...references(document)].filter((reference) => !names.has(reference))).toEqual([]);
  });

  it('is listed with a hash that follows the content', () => {
    const hashOf = (all: readonly OpenApiResource[]): Json | undefined =>
      at(openapiV3Root(openapiV3Documents(all)), 'paths', 'apis/example.com/v1', 'serverRelativeURL');
    expect(hashOf(resources)).toMatch(/^\/openapi\/v3\/apis\/example\.com\/v1\?hash=[0-9A-F]{128}$/);
    expect(hashOf(resources)).toBe(hashOf([widget]));
    expect(hashOf([{ ...widget, schema: { ...widget.schema, description: 'Another.' } }])).not.toBe(hashOf([widget]));
  });

  it('names a custom type after its group, version and kind', () => {
    const document = openapiV3Document([widget]);
    expect(at(document, 'components', 'schemas', 'com.example.v1.Widget')).toMatchObject({
      description: 'A widget.',
      'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Widget', version: 'v1' }],
      properties: { spec: { properties: { size: { type: 'integer', nullable: true } } } },
    });
  });

  it('says on every patch what may be asked, for kubectl to find', () => {
    for (const [path, item] of Object.entries(at(openapiV3Document([widget]), 'paths') as JsonObject)) {
      const patch = at(item, 'patch');
      if (patch === undefined) continue;
      const names = (at(patch, 'parameters') as JsonObject[]).map(({ name }) => name);
      expect([path, names]).toEqual([path, expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'force'])]);
      expect(at(patch, 'x-kubernetes-group-version-kind')).toEqual({ group: 'example.com', kind: 'Widget', version: 'v1' });
    }
  });

  it('shows none of the marks that are only for us', () => {
    for (const text of documents.values()) expect(text).not.toMatch(/"(keepZero|always|origin|definition)":/);
  });
});

describe('openapiV2Document', () => {
  const document = openapiV2Document(resources, 'v1.36.0');

  it('refers only to what it holds', () => {
    const names = new Set(Object.keys(document.definitions as JsonObject).map((name) => `#/definitions/${name}`));
    expect([...references(document)].filter((reference) => !names.has(reference))).toEqual([]);
  });

  it('says the same as protobuf', () => {
    const type = protobuf.Root.fromJSON(openapiV2Messages).lookupType('Document');
    const decoded = type.toObject(type.decode(encodeOpenapiV2(document)), { longs: Number });
    const definitions = at(decoded, 'definitions', 'additionalProperties') as JsonObject[];
    expect(definitions.map(({ name }) => name)).toEqual(Object.keys(document.definitions as JsonObject));
    const found = definitions.find(({ name }) => name === 'com.example.v1.Widget')?.value ?? null;
    expect(at(found, 'vendorExtension')).toEqual([
      { name: 'x-kubernetes-group-version-kind', value: { yaml: '[{"group":"example.com","kind":"Widget","version":"v1"}]' } },
    ]);
    const spec = (at(found, 'properties', 'additionalProperties') as JsonObject[]).find(({ name }) => name === 'spec')?.value ?? null;
    expect(at(spec, 'properties', 'additionalProperties')).toMatchObject([
      { name: 'size', value: { type: { value: ['integer'] }, description: 'How large.' } },
      { name: 'tags', value: { additionalProperties: { schema: { type: { value: ['string'] } } } } },
      { name: 'list', value: { items: { schema: [{ enum: [{ yaml: '"a"' }, { yaml: '"b"' }], default: { yaml: '"a"' } }] } } },
    ]);
  });
});
