import { expect, test } from 'vitest';
import { mdevDeviceSchema } from '../api/mdev-device.ts';
import { mdevParentSchema } from '../api/mdev-parent.ts';
import { survey } from './survey.ts';
import { whyText } from './text.ts';
import { why } from './why.ts';

const apiVersion = 'mediated.dev/v1alpha1';
const lastTransitionTime = '2026-01-01T00:00:00Z';
const parent = mdevParentSchema.parse({
  apiVersion,
  kind: 'MdevParent',
  metadata: { name: 'a-gpu', uid: 'a' },
  spec: { nodeName: 'a', parent: 'gpu' },
  status: {
    supportedTypes: [{ id: 't', availableInstances: 0, instances: 1, reason: 'All instances are taken.' }],
    conditions: [{ type: 'Present', status: 'True', reason: 'Present', message: 'x', lastTransitionTime }],
  },
});

function device(status: object) {
  return mdevDeviceSchema.parse({
    apiVersion,
    kind: 'MdevDevice',
    metadata: { name: 'd', namespace: 'default', uid: 'd', generation: 2 },
    spec: { type: { id: 't' } },
    status,
  });
}

test('a device that waits is told what each parent says, and what to do', () => {
  const claim = { type: 'Allocated', status: 'False', reason: 'NoCapacity', message: '1 parent has no t left.', observedGeneration: 2 };
  const waiting = device({ conditions: [{ ...claim, lastTransitionTime }] });
  const explanation = why(waiting, survey({ parents: [parent], nodes: [{ metadata: { name: 'a' } }], devices: [waiting] }));
  expect(explanation).toMatchObject({
    ready: false,
    steps: [{ type: 'Allocated', reason: 'NoCapacity', outdated: false, advice: expect.stringContaining('Wait, delete') as string }],
    parents: [{ nodeName: 'a', parent: 'gpu', refusal: 'has no t left (All instances are taken)' }],
  });
  expect(whyText(explanation, [])).toEqual([
    'default/d is not ready.',
    'Allocated is False (NoCapacity): 1 parent has no t left.',
    expect.stringMatching(/^ {2}To do: Wait, delete devices/),
    'a/gpu has no t left (All instances are taken).',
  ]);
});

test('of a device with a place conditions come in the order in which it comes to be, and outdated ones say so', () => {
  const made = device({
    allocation: { nodeName: 'a', parentName: 'a-gpu', typeID: 't' },
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Ready', message: 'It is ready.', lastTransitionTime, observedGeneration: 1 },
      { type: 'Allocated', status: 'True', reason: 'Allocated', message: 'To a-gpu.', lastTransitionTime, observedGeneration: 2 },
    ],
  });
  const explanation = why(made, survey({ parents: [parent], nodes: [], devices: [made] }));
  expect(whyText(explanation, [{ reason: 'Created', message: 'Made.', times: 3 }])).toEqual([
    'default/d is ready: t on a-gpu of node a.',
    'Allocated is True (Allocated): To a-gpu.',
    'Ready is True (Ready), as of an older spec: It is ready.',
    'Event Created (3 times): Made.',
  ]);
});

test('a device of which nobody has said anything yet is told so', () => {
  const fresh = device({});
  const explanation = why(fresh, survey({ parents: [], nodes: [], devices: [fresh] }));
  expect(whyText(explanation, [])).toEqual([
    'default/d is not ready.',
    'No controller has said anything about it yet. Does one run? See: kubectl get pods -n mdev-system',
    'There is no MdevParent. Does an agent run on a node that has a parent?',
  ]);
});
