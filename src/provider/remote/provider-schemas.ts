import { z } from 'zod';
import type { Attribute, Device, DeviceUse, DeviceUser, Parent, ParentType, ProviderEvent, ProviderInfo, Users } from '../contract.ts';

/** The contract's values as they are checked when they come in from a socket. */

/** Far longer than any name or value may be, so that the provider itself refuses the long ones with its own words. */
export const text = z.string().max(256 * 1024);

export const infoSchema: z.ZodType<ProviderInfo> = z.object({ kind: z.enum(['emulated', 'sysfs']), bootID: text });

export const attributeSchema: z.ZodType<Attribute> = z.object({ name: text, value: text });

const count = z.number().int().nonnegative();

export const parentTypeSchema: z.ZodType<ParentType> = z.object({
  id: text,
  name: text,
  description: text.exactOptional(),
  deviceAPI: text.exactOptional(),
  maxInstances: count.exactOptional(),
  availableInstances: count,
  instances: count,
  attributes: z.array(attributeSchema),
  reason: text.exactOptional(),
});

export const parentSchema: z.ZodType<Parent> = z.object({
  name: text,
  driver: text.exactOptional(),
  vendorID: text.exactOptional(),
  deviceID: text.exactOptional(),
  numaNode: z.number().int().exactOptional(),
  sharing: z.enum(['Slots', 'Pooled', 'Exclusive', 'Unknown']),
  features: z.array(z.enum(['Online', 'Groups', 'Params', 'Attributes'])),
  leaving: z.boolean(),
  types: z.array(parentTypeSchema),
});

export const deviceSchema: z.ZodType<Device> = z.object({
  id: text,
  parent: text,
  typeID: text,
  state: z.enum(['creating', 'live', 'removing']),
  deviceAPI: text.exactOptional(),
  online: z.boolean().exactOptional(),
  group: count.exactOptional(),
  groupPath: text.exactOptional(),
  cdevPath: text.exactOptional(),
  socketPath: text.exactOptional(),
  blockedSince: z.string().exactOptional(),
});

export const deviceUserSchema: z.ZodType<DeviceUser> = z.object({
  pid: z.number().int().positive(),
  comm: text,
  vm: text.exactOptional(),
});

const users = {
  inUse: z.boolean(),
  blind: text.exactOptional(),
  known: z.array(deviceUserSchema),
  pinned: z.object({ pages: count.exactOptional(), lockedBytes: count, limitBytes: count.exactOptional() }).exactOptional(),
  refused: z
    .object({ number: count, pid: z.number().int().positive(), comm: text, lockedBytes: count, limitBytes: count, wantedBytes: count })
    .exactOptional(),
};

export const usersSchema: z.ZodType<Users> = z.object(users);

export const deviceUseSchema: z.ZodType<DeviceUse> = z.object({ id: text, ...users });

export const eventSchema: z.ZodType<ProviderEvent> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sync') }),
  z.object({ kind: z.literal('boot'), bootID: text }),
  z.object({ kind: z.literal('parent'), parent: text }),
  z.object({ kind: z.literal('device'), id: text, parent: text.exactOptional() }),
]);
