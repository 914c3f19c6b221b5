import { z } from 'zod';
import { conditionSchema } from './condition.ts';
import { apiVersion, resources } from './group.ts';
import { objectMetaSchema } from './object-meta.ts';
import { labelSelectorSchema, labelsSchema } from './label-selector.ts';
import { attributeName, dnsLabel, dnsSubdomain, fileName, kernelFiles, line, uuidText } from './patterns.ts';
import { listTypes, rules, type CelRule } from './schema-meta.ts';

const uuidSchema = z.string().min(36).max(36).regex(uuidText);

const typeSchema = z
  .object({
    id: z.string().min(1).max(128).regex(fileName).optional().describe("The type's directory name in sysfs, such as nvidia-11."),
    name: z
      .string()
      .min(1)
      .max(256)
      .regex(line)
      .optional()
      .describe("The type's name, such as GRID M60-0B. It must be one type only on the parent."),
  })
  .describe('The type of mediated device, by id or by name.')
  .meta(rules({ rule: 'has(self.id) != has(self.name)', message: 'exactly one of id and name must be set' }));

const parentSchema = z
  .object({
    name: z.string().min(1).max(255).regex(fileName).optional().describe("The kernel's name of the parent device, such as 0000:86:00.0."),
    selector: labelSelectorSchema.optional().describe('Labels of the MdevParent objects that may be chosen.'),
  })
  .describe('Which parents may carry the device, by name or by labels. Any, if left out.')
  .meta(rules({ rule: 'has(self.name) != has(self.selector)', message: 'exactly one of name and selector must be set' }));

/** One of `spec.attributes`. */
export const attributeSchema = z
  .object({
    name: z
      .string()
      .min(1)
      .max(255)
      .regex(attributeName)
      .describe('The name of the attribute below the device in sysfs: one path element or two, such as assign_adapter or vendor/x.')
      .meta(
        rules({
          rule: `!self.matches('^(${kernelFiles})(/|$)')`,
          message: 'this file belongs to the kernel and is not an attribute of the device',
        }),
      ),
    value: z.string().min(1).max(4095).regex(line).describe('What is written, as one line of text.'),
  })
  .describe('One attribute to write.');

function immutable(field: string, rule: string): CelRule {
  return { rule, message: `${field} is immutable: delete the object and create it anew`, fieldPath: `.${field}` };
}

/** `spec`: what the user asks for. */
export const deviceSpecSchema = z
  .object({
    uuid: uuidSchema
      .optional()
      .describe(
        'The UUID of the device, 8-4-4-4-12 hex digits, not nil. Left out, it is derived from the cluster, namespace and name, so that an object made again finds its UUID again.',
      )
      .meta(rules({ rule: "self != '00000000-0000-0000-0000-000000000000'", message: 'the nil UUID is not allowed' })),
    type: typeSchema,
    nodeName: z.string().min(1).max(253).regex(dnsSubdomain).optional().describe('The node that shall carry the device.'),
    nodeSelector: labelsSchema.optional().describe('Labels that the node must have.'),
    parent: parentSchema.optional(),
    className: z
      .string()
      .min(1)
      .max(253)
      .regex(dnsSubdomain)
      .optional()
      .describe(
        'The MdevClass that says what the device may be. Left out, the class marked as default binds, if there is one. May be set later, but not changed.',
      ),
    placement: z
      .enum(['Compact', 'Spread'])
      .default('Compact')
      .describe('Compact fills up parents that are in use already and so keeps big types available; Spread takes the emptiest parent.'),
    attributes: z
      .array(attributeSchema)
      .max(64)
      .optional()
      .describe('Attributes written once, in this order, after creation. A failing write removes the device again. Names may repeat.')
      .meta(listTypes.atomic),
    params: z.string().min(1).max(1024).regex(line).optional().describe('Text handed to the driver as it is, where the driver takes it.'),
    group: z
      .string()
      .min(1)
      .max(63)
      .regex(dnsLabel)
      .optional()
      .describe(
        'Devices of this namespace with the same group are put on one parent and into one IOMMU group, for one user to open together.',
      ),
    online: z.boolean().default(true).describe('Whether the driver shall commit the resources of the device. May be changed.'),
    adopt: z
      .boolean()
      .default(false)
      .describe(
        'Take over the device of this uuid, type and parent that somebody else made. Works only in namespaces that the agent was started to allow.',
      ),
    reclaimPolicy: z
      .enum(['Delete', 'Retain'])
      .optional()
      .describe(
        'What becomes of the device when the object is deleted: Delete removes it, Retain leaves it, reported without owner. Delete if left out, but Retain for an adopted device. May be changed.',
      ),
  })
  .describe('The device that shall exist. Only online and reclaimPolicy may be changed, and className set.')
  .meta(
    rules(
      { rule: '!self.adopt || has(self.uuid)', message: 'adopt needs the uuid of the device to take over', reason: 'FieldValueRequired' },
      immutable('className', '!has(oldSelf.className) || (has(self.className) && self.className == oldSelf.className)'),
      ...['type', 'placement', 'adopt'].map((field) => immutable(field, `self.${field} == oldSelf.${field}`)),
      ...['uuid', 'nodeName', 'nodeSelector', 'parent', 'attributes', 'params', 'group'].map((field) =>
        immutable(field, `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`),
      ),
    ),
  );

/** `status.allocation`: where the controller has put the device. */
export const allocationSchema = z
  .object({
    nodeName: z.string().max(253).describe('The node.'),
    parentName: z.string().max(253).describe('The MdevParent object.'),
    typeID: z.string().max(128).describe('The id of the type on that parent.'),
    className: z
      .string()
      .max(253)
      .optional()
      .describe('The MdevClass that allowed it, none if none was bound. Classes that change or come later do not move the device.'),
    withdrawn: z
      .boolean()
      .optional()
      .describe('True while the controller takes the device back from this node; the agent then makes sure that nothing is left there.'),
  })
  .describe('Where the controller has put the device.');

const vfioSchema = z
  .object({
    group: z
      .int()
      .min(0)
      .max(2147483647)
      .optional()
      .describe('The IOMMU group number. It is reused after removal and does not survive a reboot.'),
    groupPath: z.string().max(255).optional().describe('The VFIO group device, such as /dev/vfio/7; never for an emulated device.'),
    cdevPath: z.string().max(255).optional().describe('The VFIO character device, such as /dev/vfio/devices/vfio3.'),
    socketPath: z.string().max(255).optional().describe('The vfio-user socket of an emulated device.'),
    bootID: z.string().max(64).optional().describe('The boot in which these paths are valid.'),
  })
  .describe('How to open the device. A path is given only if it exists.');

const userSchema = z
  .object({
    pid: z.int().min(1).max(4194304).describe('Process ID on the node.'),
    comm: z.string().max(64).describe("The command's short name."),
    pod: z.string().max(317).optional().describe('The pod, as namespace/name.'),
    vm: z.string().max(256).optional().describe('The name of the virtual machine.'),
  })
  .describe('One process that has the device open.');

const pinnedSchema = z
  .object({
    pages: z
      .int()
      .min(0)
      .optional()
      .describe('Pages of its memory that this device holds pinned; left out where the kernel does not tell that.'),
    lockedBytes: z.int().min(0).describe('Bytes that the process has locked, for all its devices: what counts against its limit.'),
    limitBytes: z
      .int()
      .min(0)
      .optional()
      .describe('RLIMIT_MEMLOCK of the process; left out where nothing holds it back (unlimited, or CAP_IPC_LOCK).'),
  })
  .describe('Memory of the user that is pinned for the device. Coarse: written anew when it has doubled or halved; metrics are exact.');

export const deviceStatusSchema = z
  .object({
    uuid: z.string().max(36).optional().describe('The UUID of the device, lower case.'),
    allocation: allocationSchema.optional(),
    deviceAPI: z.string().max(64).optional().describe('The VFIO device API, such as vfio-pci.'),
    vfio: vfioSchema.optional(),
    users: z.array(userSchema).max(64).optional().describe('Who has the device open.').meta(listTypes.atomic),
    pinned: pinnedSchema.optional(),
    conditions: z
      .array(conditionSchema)
      .max(16)
      .optional()
      .describe('Allocated, Created, Online, InUse and Ready.')
      .meta(listTypes.mapBy('type')),
  })
  .describe('What is the case. Written by the controller (allocation, Allocated) and the agent of the node (the rest).');

/** An MdevDevice object as this project reads it; unknown fields are ignored. */
export const mdevDeviceSchema = z
  .object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(resources.mdevDevice.kind),
    metadata: objectMetaSchema,
    spec: deviceSpecSchema,
    status: deviceStatusSchema.optional(),
  })
  .describe('A mediated device (mdev) that shall exist.');

export type MdevDevice = z.infer<typeof mdevDeviceSchema>;
export type DeviceSpec = z.infer<typeof deviceSpecSchema>;
export type DeviceStatus = z.infer<typeof deviceStatusSchema>;
export type Allocation = z.infer<typeof allocationSchema>;
export type DeviceUser = z.infer<typeof userSchema>;

/** What happens to the device when its object is deleted: what is asked for, or Retain for an adopted one, else Delete. */
export function reclaimPolicy(spec: DeviceSpec): 'Delete' | 'Retain' {
  return spec.reclaimPolicy ?? (spec.adopt ? 'Retain' : 'Delete');
}
