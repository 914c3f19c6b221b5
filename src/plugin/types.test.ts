import { expect, test } from 'vitest';
import { mdevDeviceSchema } from '../api/mdev-device.ts';
import { mdevParentSchema } from '../api/mdev-parent.ts';
import { survey } from './survey.ts';
import { typeEntries } from './types.ts';

const apiVersion = 'mediated.dev/v1alpha1';

function parent(nodeName: string, spec: object = {}, present = 'True') {
  return mdevParentSchema.parse({
    apiVersion,
    kind: 'MdevParent',
    metadata: { name: `${nodeName}-gpu`, uid: nodeName },
    spec: { nodeName, parent: 'gpu', ...spec },
    status: {
      supportedTypes: [
        { id: 'nvidia-12', availableInstances: 0, instances: 1, reason: 'full' },
        { id: 'nvidia-2', availableInstances: 3, instances: 0 },
      ],
      conditions: [
        { type: 'Present', status: present, reason: 'Test', message: 'parent is gone', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
    },
  });
}

function node(name: string, spec: object = {}) {
  return { metadata: { name }, spec };
}

test('types are sorted by node, then by number, and a full one says why', () => {
  const nodes = [node('node-2'), node('node-10')];
  const entries = typeEntries(survey({ parents: [parent('node-10'), parent('node-2')], nodes, devices: [] }));
  expect(entries.map((entry) => [entry.nodeName, entry.typeID, entry.remaining, entry.reason])).toEqual([
    ['node-2', 'nvidia-2', 3, undefined],
    ['node-2', 'nvidia-12', 0, 'full'],
    ['node-10', 'nvidia-2', 3, undefined],
    ['node-10', 'nvidia-12', 0, 'full'],
  ]);
});

test.each([
  ['unschedulable', parent('a', { unschedulable: true }), node('a'), 'it is unschedulable'],
  ['on a cordoned node', parent('a'), node('a', { unschedulable: true }), 'it is on a cordoned node'],
  ['not open to the type', parent('a', { allowedTypes: ['nvidia-12'] }), node('a'), 'it does not allow nvidia-2 (allowedTypes)'],
  ['gone', parent('a', {}, 'False'), node('a'), 'parent is gone'],
  ['on a node without object', parent('a'), node('b'), 'it is on a node that has no Node object'],
])('nothing remains on a parent that is %s, whatever it counts', (_, object, itsNode, reason) => {
  const [entry] = typeEntries(survey({ parents: [object], nodes: [itsNode], devices: [] }));
  expect(entry).toMatchObject({ typeID: 'nvidia-2', remaining: 0, reason });
});

test('what is allocated and not made yet does not remain', () => {
  const waiting = mdevDeviceSchema.parse({
    apiVersion,
    kind: 'MdevDevice',
    metadata: { name: 'a', namespace: 'default', uid: 'uid-a' },
    spec: { type: { id: 'nvidia-2' } },
    status: { allocation: { nodeName: 'a', parentName: 'a-gpu', typeID: 'nvidia-2' } },
  });
  const [entry] = typeEntries(survey({ parents: [parent('a')], nodes: [node('a')], devices: [waiting] }));
  expect(entry).toMatchObject({ typeID: 'nvidia-2', remaining: 2 });
});
