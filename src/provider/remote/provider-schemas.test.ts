import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type {
  Device,
  DeviceUse,
  DeviceUser,
  Parent,
  ParentType,
  Pinned,
  PinRefusal,
  ProviderEvent,
  ProviderInfo,
  Users,
} from '../contract.ts';
import {
  deviceSchema,
  deviceUserSchema,
  deviceUseSchema,
  eventSchema,
  infoSchema,
  parentSchema,
  parentTypeSchema,
  usersSchema,
} from './provider-schemas.ts';

// Every field of the contract, the optional ones too: a field that is added there does not compile here until it is given.
const info: Required<ProviderInfo> = { kind: 'emulated', bootID: 'b' };
const user: Required<DeviceUser> = { pid: 1, comm: 'qemu', vm: 'vm-1' };
const users: Required<Users> = {
  inUse: true,
  blind: 'a right is missing',
  known: [user],
  pinned: { pages: 2, lockedBytes: 8192, limitBytes: 65536 } satisfies Required<Pinned>,
  refused: { number: 1, pid: 1, comm: 'qemu', lockedBytes: 8192, limitBytes: 65536, wantedBytes: 4096 } satisfies Required<PinRefusal>,
};
const use: Required<DeviceUse> = { id: 'd', ...users };
const type: Required<ParentType> = {
  id: 't',
  name: 'T',
  description: 'of\nlines',
  deviceAPI: 'vfio-pci',
  maxInstances: 4,
  availableInstances: 0,
  instances: 4,
  attributes: [{ name: 'a', value: 'b' }],
  reason: 'full',
};
const parent: Required<Parent> = {
  name: 'p',
  driver: 'd',
  vendorID: '0x10de',
  deviceID: '0x13f2',
  numaNode: -1,
  sharing: 'Unknown',
  features: ['Online', 'Groups', 'Params', 'Attributes'],
  leaving: true,
  types: [type],
};
const device: Required<Device> = {
  id: 'i',
  parent: 'p',
  typeID: 't',
  state: 'removing',
  deviceAPI: 'vfio-pci',
  online: false,
  group: 0,
  groupPath: '/dev/vfio/0',
  cdevPath: '/dev/vfio/devices/vfio0',
  blockedSince: '2026-11-25T09:00:00.000Z',
  socketPath: '/run/s',
};
const events: Required<ProviderEvent>[] = [
  { kind: 'sync' },
  { kind: 'boot', bootID: 'b' },
  { kind: 'parent', parent: 'p' },
  { kind: 'device', id: 'i', parent: 'p' },
];

describe('the values of the contract', () => {
  const values: [string, z.ZodType, unknown][] = [
    ['info', infoSchema, info],
    ['a user', deviceUserSchema, user],
    ['users', usersSchema, users],
    ['the use of a device', deviceUseSchema, use],
    ['a type', parentTypeSchema, type],
    ['a parent', parentSchema, parent],
    ['a device', deviceSchema, device],
    ...events.map((event): [string, z.ZodType, unknown] => [`the event ${event.kind}`, eventSchema, event]),
  ];

  for (const [what, schema, value] of values)
    it(`come through the socket with every field: ${what}`, () => {
      expect(schema.parse(JSON.parse(JSON.stringify(value)))).toEqual(value);
    });
});
