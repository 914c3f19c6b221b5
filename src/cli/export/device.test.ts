import { describe, expect, it } from 'vitest';
import { mdevDeviceSchema, type MdevDevice } from '../../api/mdev-device.ts';
import { exportedDevice } from './device.ts';

const uuid = '11111111-1111-4111-8111-11111111111a';
const kernelNames = new Map([['node-1-mtty-5141e431', 'mtty']]);
const allocation = { nodeName: 'node-1', parentName: 'node-1-mtty-5141e431', typeID: 'mtty-2' };

function device(spec: object, status?: object, metadata: object = {}): MdevDevice {
  return mdevDeviceSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { namespace: 'team', name: 'x', ...metadata },
    spec,
    status,
  });
}

describe('a device to be exported', () => {
  it('is what was made, by the kernel’s names', () => {
    expect(exportedDevice(device({ type: { name: 'Dual port serial' } }, { uuid, allocation }), kernelNames)).toEqual({
      object: 'team/x',
      uuid,
      parent: 'mtty',
      typeID: 'mtty-2',
      attributes: [],
      node: 'node-1',
      unsaid: [],
    });
  });

  it('is what shall be made where the spec tells it all, as import prints it', () => {
    const spec = { uuid: uuid.toUpperCase(), type: { id: 'mtty-1' }, parent: { name: 'mtty' }, attributes: [{ name: 'a', value: '1' }] };
    expect(exportedDevice(device(spec), new Map())).toEqual({
      object: 'team/x',
      uuid,
      parent: 'mtty',
      typeID: 'mtty-1',
      attributes: [{ name: 'a', value: '1' }],
      unsaid: [],
    });
  });

  it('tells what a definition cannot say', () => {
    const spec = { uuid, type: { id: 'mtty-1' }, parent: { name: 'mtty' }, params: 'x', group: 'vm', online: false };
    expect(exportedDevice(device(spec), new Map())).toMatchObject({ unsaid: ['params', 'group', 'online: false'] });
  });

  it.each([
    ['UUID', device({ type: { id: 'a' }, parent: { name: 'p' } }), 'has no UUID: neither status.uuid (it is not made yet) nor spec.uuid'],
    ['possible UUID', device({ type: { id: 'a' } }, { uuid: '../../etc/passwd', allocation }), 'has a UUID that no device may have'],
    ['parent', device({ type: { id: 'a' }, uuid }), 'has no parent: it is not allocated yet, and spec.parent.name says none'],
    [
      'parent that is there',
      device({ type: { id: 'a' } }, { uuid, allocation: { ...allocation, parentName: 'gone' } }),
      'is allocated to mdevparent gone',
    ],
    [
      'type id',
      device({ type: { name: 'A' }, uuid, parent: { name: 'p' } }),
      'has no type id: it is not allocated yet, and spec.type.id says none',
    ],
    [
      'possible type id',
      device({ type: { id: 'a' } }, { uuid, allocation: { ...allocation, typeID: '<x>' } }),
      'has a type id that no type may have',
    ],
    ['future', device({ type: { id: 'a' } }, { uuid, allocation }, { deletionTimestamp: '2026-01-01T00:00:00Z' }), 'is being deleted'],
  ])('is refused without a %s', (_, object, why) => {
    expect(exportedDevice(object, kernelNames)).toEqual({ refusal: expect.stringContaining(`mdevdevice team/x ${why}`) as string });
  });
});
