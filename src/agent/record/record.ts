import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isDeviceUUID } from '../../api/device-uuid.ts';

const ownerSchema = z.object({ uid: z.string().min(1), namespace: z.string().min(1), name: z.string().min(1) });

/**
 * How far the device has come:
 * - `creating`: create was or is about to be called; whether the device exists is to be asked of the kernel
 * - `attributes`: it exists; attributes are being written
 * - `ready`: it exists with all its attributes
 * - `removing`: remove was or is about to be called
 */
const stepSchema = z.enum(['creating', 'attributes', 'ready', 'removing']);

/** One device of ours, as it stands on disk before anything is done to the device. */
export const recordSchema = z.object({
  version: z.literal(1),
  /** Lower case. */
  uuid: z.string().refine((text) => isDeviceUUID(text) && text === text.toLowerCase(), 'not a UUID in lower case'),
  object: ownerSchema,
  /** The kernel's name of the parent. */
  parent: z.string().min(1),
  typeID: z.string().min(1),
  params: z.string().optional(),
  group: z.string().optional(),
  /** The boot in which the device was made; in another one it no longer exists. */
  bootID: z.string().min(1),
  reclaimPolicy: z.enum(['Delete', 'Retain']),
  step: stepSchema,
  attributes: z.object({
    total: z.int().min(0),
    /** How many are known to be written. */
    written: z.int().min(0),
    /** True while the write of the next one is under way: after a crash nobody knows whether it happened. */
    writing: z.boolean(),
    digest: z.string(),
  }),
  /** True for a device that somebody else made and this agent took over. */
  adopted: z.boolean(),
  /** True once the object was seen being deleted with reclaimPolicy Delete: only then may the device go without its object. */
  deletionSeen: z.boolean(),
});

export type OwnershipRecord = Readonly<z.infer<typeof recordSchema>>;
export type RecordOwner = OwnershipRecord['object'];
export type RecordStep = OwnershipRecord['step'];

interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** Identifies a list of attributes in its order, and the params with it: what a device was made with. */
export function attributesDigest(attributes: readonly NamedValue[], params: string | undefined): string {
  const text = JSON.stringify([attributes.map(({ name, value }) => [name, value]), params ?? null]);
  return createHash('sha256').update(text).digest('hex');
}

/** Whether the device was completely made: nothing of it is left to be finished or rolled back. */
export function isComplete(record: OwnershipRecord): boolean {
  return record.step !== 'creating' && !record.attributes.writing && record.attributes.written >= record.attributes.total;
}
