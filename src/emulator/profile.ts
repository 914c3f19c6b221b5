/** A host profile: which parents the emulated host has, and which devices are there at boot. */
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

const maxBytes = 1 << 20;

const sysfsName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:+-]*$/, 'must be the name of a sysfs directory: letters, digits and _ . : + -');
const typeName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\n\r\0]*$/, 'must be one line');
const count = (max: number): z.ZodNumber => z.number().int().min(1).max(max);
const hexID = z
  .string('must be text in quotes, such as "0x10de"')
  .regex(/^0x[0-9a-f]{4}$/, 'must be 0x and four lower-case hexadecimal digits');
const resolution = z.string().regex(/^[1-9][0-9]{0,5}x[1-9][0-9]{0,5}$/, 'must be WIDTHxHEIGHT');
const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'must be a UUID of 36 characters')
  .refine((text) => text !== '00000000-0000-0000-0000-000000000000', 'must not be the nil UUID')
  .toLowerCase();

const common = {
  name: sysfsName.describe("The kernel's name of the parent, such as 0000:86:00.0."),
  driver: sysfsName.optional().describe("The kernel driver's name, if not the usual one of the model."),
  vendorID: hexID.optional(),
  deviceID: hexID.optional(),
  numaNode: z.number().int().min(0).max(1023).optional(),
  removeWhileOpen: z.enum(['block', 'refuse']).default('block').describe('Removing an open device waits for its close, or answers EBUSY.'),
};
const online = z.boolean().default(true).describe('Whether the driver has the online operation.');

const gridType = z.strictObject({
  id: sysfsName,
  name: typeName,
  instances: count(65535),
  heads: count(64),
  frameRateLimit: count(1000),
  framebufferMiB: count(1 << 20),
  maxResolution: resolution,
});
const gvtType = z.strictObject({ id: sysfsName, name: typeName, memoryMiB: count(1 << 20), resolution });

const parent = z.discriminatedUnion('model', [
  z.strictObject({
    ...common,
    model: z.literal('grid'),
    online,
    requiresGroup: z.boolean().default(true),
    types: z.array(gridType).min(1).max(128),
  }),
  z.strictObject({ ...common, model: z.literal('gvt'), online, memoryMiB: count(1 << 24), types: z.array(gvtType).min(1).max(128) }),
  z.strictObject({ ...common, model: z.literal('mtty'), ports: count(65535).default(24) }),
  z.strictObject({ ...common, model: z.literal('ccw') }),
  z.strictObject({
    ...common,
    model: z.literal('matrix'),
    adapters: count(256).default(256),
    domains: count(256).default(256),
    instances: count(65535).default(255),
  }),
]);

const foreignDevice = z.strictObject({ uuid, parent: sysfsName, type: sysfsName, params: typeName.optional() });

const profileSchema = z
  .strictObject({
    parents: z.array(parent).max(256),
    devices: z.array(foreignDevice).max(16384).default([]),
  })
  .superRefine(({ parents, devices }, context) => {
    const complain = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const names = new Set<string>();
    for (const [index, { name, ...rest }] of parents.entries()) {
      if (names.has(name)) complain(['parents', index, 'name'], `${name} is the name of two parents`);
      names.add(name);
      const ids = new Set<string>();
      for (const [typeIndex, { id }] of ('types' in rest ? rest.types : []).entries()) {
        if (ids.has(id)) complain(['parents', index, 'types', typeIndex, 'id'], `${id} is the id of two types`);
        ids.add(id);
      }
    }
    const uuids = new Set<string>();
    for (const [index, device] of devices.entries()) {
      if (!names.has(device.parent)) complain(['devices', index, 'parent'], `there is no parent ${device.parent}`);
      if (uuids.has(device.uuid)) complain(['devices', index, 'uuid'], `${device.uuid} is the UUID of two devices`);
      uuids.add(device.uuid);
    }
  });

export type Profile = z.infer<typeof profileSchema>;
export type ProfileParent = Profile['parents'][number];

/** A profile that cannot be used; the message has one line for each fault, and names its field or line. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}

/** Reads a host profile from its YAML (or JSON) text. @throws ProfileError */
export function parseProfile(text: string): Profile {
  if (Buffer.byteLength(text) > maxBytes) throw new ProfileError(`the profile is longer than ${maxBytes} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) throw new ProfileError(`line ${lines.linePos(fault.pos[0]).line}: ${fault.message}`, { cause: fault });
  const result = profileSchema.safeParse(toPlain(document));
  if (result.success) return result.data;
  throw new ProfileError(result.error.issues.map(({ path, message }) => `${fieldName(path)}: ${message}`).join('\n'), {
    cause: result.error,
  });
}

function toPlain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // What parses may still not resolve: too many aliases, or one to nothing.
    throw new ProfileError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The field as one writes it, such as parents[0].types[2].id. */
function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'profile';
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`)).join('');
}
