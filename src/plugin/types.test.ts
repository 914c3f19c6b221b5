import { expect, test } from 'vitest';
import { mdevParentSchema } from '../api/mdev-parent.ts';
import { typeEntries } from './types.ts';

function parent(nodeName: string, spec: object = {}, present = 'True') {
  return mdevParentSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
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

test('types are sorted by node, then by number, and a full one says why', () => {
  const entries = typeEntries([parent('node-10'), parent('node-2')]);
  expect(entries.map((entry) => [entry.nodeName, entry.typeID, entry.remaining, entry.reason])).toEqual([
    ['node-2', 'nvidia-2', 3, undefined],
    ['node-2', 'nvidia-12', 0, 'full'],
    ['node-10', 'nvidia-2', 3, undefined],
    ['node-10', 'nvidia-12', 0, 'full'],
  ]);
});

test.each([
  ['unschedulable', parent('a', { unschedulable: true }), 'the parent is unschedulable'],
  ['not allowed', parent('a', { allowedTypes: ['nvidia-12'] }), "the type is not among the parent's allowedTypes"],
  ['gone', parent('a', {}, 'False'), 'parent is gone'],
])('nothing remains on a parent that is %s, whatever it counts', (_, object, reason) => {
  expect(typeEntries([object])[0]).toMatchObject({ typeID: 'nvidia-2', remaining: 0, reason });
});
