import { z } from 'zod';
import { isDeviceUUID } from '../../api/device-uuid.ts';
import { attributeSchema } from '../../api/mdev-device.ts';
import { fileName, kernelFiles } from '../../api/patterns.ts';

/** What a definition of a mediated device says, mdevctl's and libvirt's alike. */
export interface DefinedDevice {
  /** Lower case. */
  readonly uuid: string;
  /** The kernel's name of the parent. */
  readonly parent: string;
  readonly typeID: string;
  /** In the order in which they are written. */
  readonly attributes: readonly NamedValue[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** A definition as mdevctl keeps it. */
export interface Definition extends DefinedDevice {
  /** `auto`: made whenever the parent appears; `manual`: only when somebody starts it. */
  readonly start: 'auto' | 'manual';
}

const maxAttributes = 64;
const kernelFile = new RegExp(`^(${kernelFiles})(/|$)`);

/** One `{"name": "value"}`, held to what an MdevDevice may say. */
const entrySchema = z.unknown().transform((entry, context): NamedValue => {
  const refuse = (message: string): never => {
    context.addIssue(message);
    return z.NEVER;
  };
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return refuse('must be an object {"name": "value"}');
  const pairs = Object.entries(entry as Record<string, unknown>);
  const [pair] = pairs;
  if (pair === undefined || pairs.length > 1) return refuse(`must have one name and value (it has ${pairs.length})`);
  const [name, value] = pair;
  const shown = JSON.stringify(name);
  if (typeof value !== 'string') return refuse(`the value of ${shown} must be text`);
  if (kernelFile.test(name)) return refuse(`${shown} belongs to the kernel and is not an attribute of the device`);
  const parsed = attributeSchema.safeParse({ name, value });
  if (parsed.success && value.isWellFormed()) return parsed.data;
  return parsed.error?.issues[0]?.path[0] === 'name'
    ? refuse(`${shown} is not the name of an attribute: one path element or two, such as assign_adapter or vendor/x`)
    : refuse(`the value of ${shown} must be one line of 1 to 4095 characters`);
});

const definitionSchema = z.object(
  {
    mdev_type: z
      .string('must be the id of a type, such as nvidia-11')
      .max(128, 'must have at most 128 characters')
      .regex(fileName, 'must be the id of a type, such as nvidia-11'),
    start: z.enum(['auto', 'manual'], 'must be "auto" or "manual"'),
    attrs: z
      .array(entrySchema, 'must be a list of {"name": "value"}')
      .max(maxAttributes, `must have at most ${maxAttributes} entries`)
      .default([]),
  },
  'must be an object with mdev_type, start and attrs',
);

/** The field that a problem is about, as it is written in jq: `attrs[2]`. */
function fieldOf(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : String(key))).join('');
}

/** Whether a folder of definitions can belong to a parent of this name. */
export function isParentName(name: string): boolean {
  return fileName.test(name) && name.length <= 255;
}

/**
 * Reads a definition as mdevctl 1.2 keeps it in `<parent>/<uuid>`: JSON `{"mdev_type", "start", "attrs": [{"name": "value"}, ...]}`,
 * where `attrs` may be missing. What mdevctl would pass over or guess is refused, naming the field.
 */
export function parseDefinition(parent: string, uuid: string, text: string): Definition | { readonly refusal: string } {
  if (!isDeviceUUID(uuid)) return { refusal: 'the name of the file is not the UUID of a device' };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { refusal: `is not JSON (${(error as Error).message.replace(/\s+/g, ' ')})` };
  }
  const parsed = definitionSchema.safeParse(content);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${fieldOf(path)}: ${message}`));
    return { refusal: problems.join('; ') };
  }
  const { mdev_type: typeID, start, attrs: attributes } = parsed.data;
  return { uuid: uuid.toLowerCase(), parent, typeID, attributes, start };
}

/** The reverse of `parseDefinition`: the text of the file, as mdevctl itself lays it out. */
export function definitionText({ typeID, attributes }: DefinedDevice, start: Definition['start']): string {
  const attrs = attributes.map(({ name, value }) => ({ [name]: value }));
  return JSON.stringify({ mdev_type: typeID, start, attrs }, undefined, 2);
}
