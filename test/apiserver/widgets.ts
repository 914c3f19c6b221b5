/** A CRD of the tests' own, so that they depend on nothing but the API server. */
import type { Json, JsonObject } from '../../src/apiserver/object.ts';

/** Widgets: a status subresource, defaults, a CEL rule, columns, a selectable field and a list by key. */
export function widgetCrd(): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.example' },
    spec: {
      group: 'test.example',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wi'], categories: ['tests'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          selectableFields: [{ jsonPath: '.spec.color' }],
          additionalPrinterColumns: [
            { name: 'Color', type: 'string', jsonPath: '.spec.color' },
            { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
            { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
            { name: 'Note', type: 'string', jsonPath: '.spec.note', priority: 1 },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          schema: {
            openAPIV3Schema: {
              description: 'A widget of the tests.',
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  description: 'What the widget shall be.',
                  required: ['color'],
                  properties: {
                    color: { type: 'string', enum: ['red', 'green', 'blue'], description: 'The color of the widget.' },
                    size: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
                    note: { type: 'string', maxLength: 40 },
                    parts: {
                      type: 'array',
                      maxItems: 10,
                      'x-kubernetes-list-type': 'map',
                      'x-kubernetes-list-map-keys': ['name'],
                      items: {
                        type: 'object',
                        required: ['name'],
                        properties: { name: { type: 'string', maxLength: 20 }, count: { type: 'integer' } },
                      },
                    },
                  },
                  'x-kubernetes-validations': [{ rule: 'self.color == oldSelf.color', message: 'color is immutable', fieldPath: '.color' }],
                },
                status: {
                  type: 'object',
                  properties: {
                    conditions: {
                      type: 'array',
                      'x-kubernetes-list-type': 'map',
                      'x-kubernetes-list-map-keys': ['type'],
                      items: {
                        type: 'object',
                        required: ['type', 'status'],
                        properties: { type: { type: 'string' }, status: { type: 'string' }, message: { type: 'string' } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      ],
    },
  };
}

/** A manifest of a widget. */
export function widget(name: string, spec: Json = { color: 'red' }, metadata: object = {}): string {
  return JSON.stringify({ apiVersion: 'test.example/v1', kind: 'Widget', metadata: { name, ...metadata }, spec });
}
