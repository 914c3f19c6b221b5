import type { Device, Parent, ParentType } from '../../provider/contract.ts';
import { attributesDigest, type OwnershipRecord } from '../record/record.ts';
import type { Desired, Observed } from './types.ts';

/** Plain values for tests of what is decided. */
export const uuid = '12345678-1234-1234-1234-123456789abc';
export const boot = 'boot-1';
export const object = { uid: 'uid-1', namespace: 'default', name: 'vgpu' };

export function desiredDevice(change: Partial<Desired> = {}): Desired {
  const attributes = change.attributes ?? [];
  return {
    object,
    uuid,
    uuidGiven: true,
    parent: '0000:86:00.0',
    typeID: 'nvidia-11',
    attributes,
    digest: attributesDigest(attributes, change.params),
    params: undefined,
    group: undefined,
    online: true,
    adopt: false,
    adoptAllowed: false,
    reclaimPolicy: 'Delete',
    deleting: false,
    hasFinalizer: true,
    withdrawn: false,
    ...change,
  };
}

export function parentType(change: Partial<ParentType> = {}): ParentType {
  return { id: 'nvidia-11', name: 'GRID M60-0B', availableInstances: 16, instances: 0, attributes: [], ...change };
}

export function parent(change: Partial<Parent> = {}): Parent {
  return {
    name: '0000:86:00.0',
    sharing: 'Exclusive',
    features: ['Online', 'Groups', 'Params', 'Attributes'],
    leaving: false,
    types: [parentType()],
    ...change,
  };
}

export function device(change: Partial<Device> = {}): Device {
  return { id: uuid, parent: '0000:86:00.0', typeID: 'nvidia-11', state: 'live', online: true, group: 1, ...change };
}

export function record(change: Partial<OwnershipRecord> = {}): OwnershipRecord {
  return {
    version: 1,
    uuid,
    object,
    parent: '0000:86:00.0',
    typeID: 'nvidia-11',
    bootID: boot,
    reclaimPolicy: 'Delete',
    step: 'ready',
    attributes: { total: 0, written: 0, writing: false, digest: attributesDigest([], undefined) },
    adopted: false,
    deletionSeen: false,
    ...change,
  };
}

export function observed(change: Partial<Observed> = {}): Observed {
  return {
    bootID: boot,
    device: undefined,
    record: undefined,
    recordUnreadable: false,
    parent: parent(),
    users: { inUse: false, known: [] },
    groupMates: [],
    rival: undefined,
    ...change,
  };
}
