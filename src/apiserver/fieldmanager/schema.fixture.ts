/** For tests: a custom resource with a field of every way of merging. */
import type { TypeSchema } from '../builtin/type-schema.ts';
import type { KubeObject, ObjectMeta } from '../object.ts';

const text: TypeSchema = { type: 'string' };

export const widgetSchema: TypeSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer' },
        colour: text,
        nested: { type: 'object', properties: { x: text, y: text } },
        point: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { x: text, y: text } },
        words: { type: 'array', items: text },
        tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'protocol'],
          items: { type: 'object', properties: { name: text, protocol: { type: 'string', default: 'TCP' }, number: { type: 'integer' } } },
        },
        extra: { type: 'object', additionalProperties: text },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: { type: 'object', properties: { phase: text } },
  },
};

/** A widget as a client writes it. */
export function widget(spec: { [field: string]: KubeObject[string] } = {}, metadata: object = {}): KubeObject {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', ...metadata } as ObjectMeta, spec };
}

/** What every request of these tests has in common. */
export const request = {
  schema: widgetSchema,
  subresource: '',
  hasStatus: true,
  custom: true,
  now: Date.UTC(2026, 0, 1),
} as const;
