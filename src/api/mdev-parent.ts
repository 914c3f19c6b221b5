import { z } from 'zod';
import { conditionSchema } from './condition.ts';
import { apiVersion, resources } from './group.ts';
import { objectMetaSchema } from './object-meta.ts';
import { dnsSubdomain, fileName } from './patterns.ts';
import { listTypes, rules, type CelRule } from './schema-meta.ts';

function immutable(field: string): CelRule {
  return {
    rule: `self.${field} == oldSelf.${field}`,
    message: `${field} is immutable: the agent of the node sets it at creation`,
    fieldPath: `.${field}`,
  };
}

/** `spec`: node and parent are the agent's, set at creation; the rest is the administrator's. */
export const parentSpecSchema = z
  .object({
    nodeName: z.string().min(1).max(253).regex(dnsSubdomain).describe('The node that has the parent.'),
    parent: z.string().min(1).max(255).regex(fileName).describe("The kernel's name of the parent device, such as 0000:86:00.0."),
    unschedulable: z.boolean().default(false).describe('True: no new device is put on this parent.'),
    allowedTypes: z
      .array(z.string().min(1).max(128).regex(fileName))
      .max(256)
      .optional()
      .describe('The ids of the types that may be created here. All, if left out.')
      .meta(listTypes.set),
  })
  .describe('Which parent this is, and what may be put on it.')
  .meta(rules(immutable('nodeName'), immutable('parent')));

const typeAttributeSchema = z
  .object({
    name: z.string().max(255).describe('The attribute.'),
    value: z.string().max(4096).describe('Its value.'),
  })
  .describe('One attribute of the type.');

const supportedTypeSchema = z
  .object({
    id: z.string().max(128).describe("The type's directory name in sysfs."),
    name: z.string().max(256).optional().describe("The type's name."),
    description: z.string().max(4096).optional().describe("The driver's description."),
    deviceAPI: z.string().max(64).optional().describe('The VFIO device API, such as vfio-pci.'),
    maxInstances: z.int().min(0).optional().describe('How many an empty parent can carry, where that is known.'),
    availableInstances: z.int().min(0).describe('How many more can be created now.'),
    instances: z.int().min(0).describe('How many exist.'),
    attributes: z.array(typeAttributeSchema).max(64).optional().describe('What the driver says of the type.').meta(listTypes.atomic),
    reason: z.string().max(1024).optional().describe('Why no more can be created, where availableInstances is 0.'),
  })
  .describe('One type that the parent supports.');

const parentDeviceSchema = z
  .object({
    uuid: z.string().max(36).describe('The UUID.'),
    typeID: z.string().max(128).describe('The type.'),
    owner: z
      .object({
        namespace: z.string().max(63).describe('The namespace of the MdevDevice.'),
        name: z.string().max(253).describe('The name of the MdevDevice.'),
        uid: z.string().max(64).describe('The UID of the MdevDevice.'),
      })
      .optional()
      .describe('The MdevDevice it belongs to. None when somebody else made the device.'),
    orphaned: z
      .boolean()
      .optional()
      .describe('True when the owner named here no longer exists; the device is kept until an administrator decides.'),
  })
  .describe('One mediated device on the parent.');

export const parentStatusSchema = z
  .object({
    driver: z.string().max(128).optional().describe('The driver of the parent.'),
    vendorID: z.string().max(16).optional().describe('The PCI vendor ID, such as 0x10de.'),
    deviceID: z.string().max(16).optional().describe('The PCI device ID.'),
    numaNode: z.int().min(-1).max(65535).optional().describe('The NUMA node, -1 if there is none.'),
    bootID: z.string().max(64).optional().describe('The boot in which this was seen.'),
    sharing: z
      .enum(['Slots', 'Pooled', 'Exclusive', 'Unknown'])
      .optional()
      .describe(
        'How types share the parent: Slots of one kind, a pool of memory, or Exclusive: the first device fixes the type. Unknown where the driver does not tell.',
      ),
    features: z
      .array(z.enum(['Online', 'Groups', 'Params', 'Attributes']))
      .max(16)
      .optional()
      .describe('What the parent can do: switch devices online and offline, group them, take params, take attributes.')
      .meta(listTypes.atomic),
    remaining: z.string().max(8192).optional().describe('All types with their remaining instances in one line, for kubectl get.'),
    supportedTypes: z
      .array(supportedTypeSchema)
      .max(256)
      .optional()
      .describe('The types that the parent supports.')
      .meta(listTypes.mapBy('id')),
    devices: z.array(parentDeviceSchema).max(2048).optional().describe('The mediated devices on the parent.').meta(listTypes.mapBy('uuid')),
    conditions: z.array(conditionSchema).max(16).optional().describe('Present.').meta(listTypes.mapBy('type')),
  })
  .describe('What is the case. Written by the agent of the node.');

/** An MdevParent object as this project reads it; unknown fields are ignored. */
export const mdevParentSchema = z
  .object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(resources.mdevParent.kind),
    metadata: objectMetaSchema,
    spec: parentSpecSchema,
    status: parentStatusSchema.optional(),
  })
  .describe('A physical or emulated device that can carry mediated devices, with its types and their remaining instances.');

export type MdevParent = z.infer<typeof mdevParentSchema>;
export type ParentSpec = z.infer<typeof parentSpecSchema>;
export type ParentStatus = z.infer<typeof parentStatusSchema>;
export type SupportedType = z.infer<typeof supportedTypeSchema>;
export type ParentDevice = z.infer<typeof parentDeviceSchema>;

/** Whether a parent has settings of an administrator, which nobody could make anew. */
export function isSetByAdmin({ unschedulable, allowedTypes }: ParentSpec): boolean {
  return unschedulable || allowedTypes !== undefined;
}
