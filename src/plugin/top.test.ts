import { expect, test } from 'vitest';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import { plain } from './paint.ts';
import { fit, sizeText, topText } from './top-text.ts';
import { top } from './top.ts';

const mebibyte = 1024 * 1024;

function device(name: string, inUse: string, status: object = {}): MdevDevice {
  const condition = (type: string, is: string): object => ({
    type,
    status: is,
    reason: 'R',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  return mdevDeviceSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { name, namespace: 'default' },
    spec: { type: { id: 't' } },
    status: {
      allocation: { nodeName: 'node-1', parentName: 'node-1-gpu', typeID: 't' },
      conditions: [condition('Ready', 'True'), condition('InUse', inUse)],
      ...status,
    },
  });
}

const used = (pid: number, lockedBytes: number, limit?: number): object => ({
  users: [{ pid, comm: 'qemu', vm: `vm-${pid}` }],
  pinned: { lockedBytes, ...(limit !== undefined && { limitBytes: limit }) },
});

test('who has locked most comes first, then who uses a device, then names; a process that has two devices is counted once', () => {
  const devices = [
    device('idle-10', 'False'),
    device('idle-9', 'False'),
    device('small', 'True', used(7, mebibyte)),
    device('both-a', 'True', used(8, 3 * mebibyte, 4 * mebibyte)),
    device('both-b', 'True', used(8, 3 * mebibyte, 4 * mebibyte)),
    device('open', 'True', { users: [{ pid: 9, comm: 'reader' }] }),
  ];
  const seen = top(devices);
  expect(seen.devices.map(({ name }) => name)).toEqual(['both-a', 'both-b', 'small', 'open', 'idle-9', 'idle-10']);
  expect(seen).toMatchObject({ ready: 6, inUse: 4, lockedBytes: 4 * mebibyte });
  expect(topText(seen, plain)).toEqual([
    '6 devices, 6 ready, 4 in use, 4 MiB locked',
    '',
    'DEVICE            NODE     TYPE   READY   IN USE   LOCKED   LIMIT   USERS',
    'default/both-a    node-1   t      True    True     3 MiB    4 MiB   vm-8',
    'default/both-b    node-1   t      True    True     3 MiB    4 MiB   vm-8',
    'default/small     node-1   t      True    True     1 MiB    none    vm-7',
    'default/open      node-1   t      True    True     -        -       reader (9)',
    'default/idle-9    node-1   t      True    False    -        -       -',
    'default/idle-10   node-1   t      True    False    -        -       -',
  ]);
});

test('what nobody has said anything about is unknown, and without a place', () => {
  const { status: _, ...bare } = device('new', 'True');
  expect(top([bare]).devices).toEqual([{ namespace: 'default', name: 'new', ready: 'Unknown', inUse: 'Unknown', users: [] }]);
  expect(topText(top([]), plain)).toEqual(['There is no MdevDevice.']);
});

test('a screen gets the lines that it has room for, cut to its width whatever they are coloured with', () => {
  const lines = ['\u001b[31mabcdef\u001b[39m', 'two', 'three', 'four'];
  expect(fit(lines, { rows: 4, width: 4 }, 'note')).toEqual(['\u001b[31mabcd\u001b[39m', 'two', '... ', 'note']);
  expect(fit(lines, { rows: 5, width: 80 }, 'note')).toEqual([...lines, 'note']);
});

test('bytes are given in the largest unit that leaves one', () => {
  expect([0, 1023, 1024, 1536, mebibyte, 2.5 * 1024 * mebibyte].map(sizeText)).toEqual([
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '1 MiB',
    '2.5 GiB',
  ]);
});
