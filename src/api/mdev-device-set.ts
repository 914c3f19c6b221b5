import { z } from 'zod';
import { conditionSchema } from './condition.ts';
import { apiVersion, resources } from './group.ts';
import { labelsSchema } from './label-selector.ts';
import { deviceSpecSchema } from './mdev-device.ts';
import { objectMetaSchema } from './object-meta.ts';
import { listTypes, rules } from './schema-meta.ts';

/** Most devices of a set, or of a set on one node. */
export const mostDevices = 10_000;

const annotationsSchema = z
  .record(z.string().max(317), z.string().max(4096))
  .refine((annotations) => Object.keys(annotations).length <= 16, 'at most 16 annotations')
  .meta({ maxProperties: 16 });

/** The MdevDevice spec but for what can be true of one device only: its UUID, and the device that it takes over. */
const templateSpecSchema = deviceSpecSchema
  .omit({ uuid: true, adopt: true })
  .describe('The spec of each device, as of an MdevDevice but without uuid and adopt.');

const templateSchema = z
  .object({
    metadata: z
      .object({
        labels: labelsSchema.optional().describe('Labels of each device, besides those that the set puts on it.'),
        annotations: annotationsSchema.optional().describe('Annotations of each device.'),
      })
      .optional()
      .describe('What of its metadata each device gets.'),
    spec: templateSpecSchema,
  })
  .describe(
    'What each device is like. A change replaces the devices that are not in use, a few at a time; a change of online, reclaimPolicy, labels and annotations is made to the devices that are there.',
  );

/** `spec`: how many devices, and what they are like. */
export const deviceSetSpecSchema = z
  .object({
    replicas: z.int().min(0).max(mostDevices).optional().describe('How many devices in all, wherever there is room. For kubectl scale.'),
    perNode: z
      .int()
      .min(0)
      .max(mostDevices)
      .optional()
      .describe(
        'How many devices on every node that matches template.spec.nodeSelector and has a parent that template.spec.parent fits and that offers the type.',
      ),
    maxUnavailable: z
      .int()
      .min(1)
      .max(mostDevices)
      .default(1)
      .describe('How many of the wanted devices may be missing or not Ready before the set waits with replacing another one.'),
    template: templateSchema,
  })
  .describe('How many devices there shall be, and what each is like.')
  .meta(
    rules(
      {
        rule: 'has(self.replicas) != has(self.perNode)',
        message: 'exactly one of replicas and perNode must be set; a set with perNode cannot be scaled',
      },
      {
        rule: 'has(self.perNode) == has(oldSelf.perNode)',
        message: 'a set cannot change between replicas and perNode: delete it and create it anew',
      },
      {
        rule: '!has(self.perNode) || !has(self.template.spec.nodeName)',
        message: 'a set with perNode chooses nodes by template.spec.nodeSelector, so nodeName must not be set',
        fieldPath: '.template.spec.nodeName',
        reason: 'FieldValueForbidden',
      },
      {
        rule: '!has(self.perNode) || !has(self.template.spec.group)',
        message: 'devices of one group must be on one parent, so a set with perNode cannot have a group',
        fieldPath: '.template.spec.group',
        reason: 'FieldValueForbidden',
      },
    ),
  );

const count = (what: string) => z.int().min(0).optional().describe(what);

export const deviceSetStatusSchema = z
  .object({
    observedGeneration: z.int().min(0).optional().describe('The generation of the spec that this status is of.'),
    desiredReplicas: count('How many devices there shall be: replicas, or perNode on each of the nodes.'),
    replicas: count('How many devices there are, those not counted that are being deleted.'),
    readyReplicas: count('How many of them are Ready.'),
    updatedReplicas: count('How many of them are as the template now says.'),
    unavailableReplicas: count('How many of the desired devices are missing or not Ready.'),
    templateHash: z
      .string()
      .max(63)
      .optional()
      .describe('Label mediated.dev/template-hash of the devices that are as the template now says.'),
    selector: z.string().max(317).optional().describe('The label selector of the devices, as text.'),
    conditions: z.array(conditionSchema).max(16).optional().describe('Ready and Progressing.').meta(listTypes.mapBy('type')),
  })
  .describe('What is the case. Written by the controller.');

/** The longest name of a set: it is a label of its devices. */
export const longestSetName = 63;

/** Rules about the whole object. */
export const deviceSetRules = rules({
  rule: `size(self.metadata.name) <= ${longestSetName}`,
  fieldPath: '.metadata',
  message: `the name of a set must not be longer than ${longestSetName} characters: it is a label of its devices`,
});

/** An MdevDeviceSet object as this project reads it; unknown fields are ignored. */
export const mdevDeviceSetSchema = z
  .object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(resources.mdevDeviceSet.kind),
    metadata: objectMetaSchema,
    spec: deviceSetSpecSchema,
    status: deviceSetStatusSchema.optional(),
  })
  .describe('A number of like mediated devices that shall exist.');

export type MdevDeviceSet = z.infer<typeof mdevDeviceSetSchema>;
export type DeviceSetSpec = z.infer<typeof deviceSetSpecSchema>;
export type DeviceSetStatus = z.infer<typeof deviceSetStatusSchema>;
export type DeviceTemplate = z.infer<typeof templateSchema>;
