import { toStructuralSchema, type SchemaNode } from './crd-schema.ts';
import { defaultClassAnnotation, group, resources, version } from './group.ts';
import { classSpecSchema } from './mdev-class.ts';
import { deviceSetRules, deviceSetSpecSchema, deviceSetStatusSchema } from './mdev-device-set.ts';
import { deviceSpecSchema, deviceStatusSchema } from './mdev-device.ts';
import { parentSpecSchema, parentStatusSchema } from './mdev-parent.ts';
import type { z } from 'zod';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

interface Kind {
  readonly names: { readonly kind: string; readonly plural: string; readonly singular: string; readonly shortName: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly description: string;
  readonly spec: z.ZodType;
  /** Left out for what only people write. */
  readonly status?: z.ZodType;
  readonly columns: readonly Column[];
  readonly selectableFields: readonly string[];
  /** How `kubectl scale` finds its numbers, where the kind can be scaled. */
  readonly scale?: { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath: string };
  /** Rules about the whole object. */
  readonly rules?: SchemaNode;
}

const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation.' };

const kinds: readonly Kind[] = [
  {
    names: resources.mdevDevice,
    scope: 'Namespaced',
    description: 'MdevDevice is a mediated device (mdev) that shall exist.',
    spec: deviceSpecSchema,
    status: deviceStatusSchema,
    columns: [
      { name: 'Node', type: 'string', jsonPath: '.status.allocation.nodeName', description: 'The node it was put on.' },
      { name: 'Parent', type: 'string', jsonPath: '.status.allocation.parentName', description: 'The MdevParent it was put on.' },
      { name: 'Type', type: 'string', jsonPath: '.status.allocation.typeID', description: 'The id of its type.' },
      { name: 'UUID', type: 'string', jsonPath: '.status.uuid', description: 'Its UUID.' },
      { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', description: 'Whether it can be used.' },
      { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: 'Why, in a word.' },
      { name: 'Group', type: 'integer', jsonPath: '.status.vfio.group', description: 'Its IOMMU group.', priority: 1 },
      { name: 'Class', type: 'string', jsonPath: '.status.allocation.className', description: 'The MdevClass that bound it.', priority: 1 },
      {
        name: 'Users',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="InUse")].message',
        description: 'Who has it open.',
        priority: 1,
      },
      {
        name: 'Pinned',
        type: 'integer',
        jsonPath: '.status.pinned.lockedBytes',
        description: 'Bytes locked for it.',
        priority: 1,
      },
      age,
    ],
    selectableFields: ['.status.allocation.nodeName', '.spec.nodeName', '.status.uuid'],
  },
  {
    names: resources.mdevParent,
    scope: 'Cluster',
    description: 'MdevParent is a device that can carry mediated devices, with its types and their remaining instances.',
    spec: parentSpecSchema,
    status: parentStatusSchema,
    columns: [
      { name: 'Node', type: 'string', jsonPath: '.spec.nodeName', description: 'The node that has it.' },
      { name: 'Parent', type: 'string', jsonPath: '.spec.parent', description: "The kernel's name of it." },
      { name: 'Driver', type: 'string', jsonPath: '.status.driver', description: 'Its driver.' },
      { name: 'Present', type: 'string', jsonPath: '.status.conditions[?(@.type=="Present")].status', description: 'Whether it is there.' },
      {
        name: 'Remaining',
        type: 'string',
        jsonPath: '.status.remaining',
        description: 'Its types and how many of each can still be created.',
      },
      { name: 'Sharing', type: 'string', jsonPath: '.status.sharing', description: 'How types share it.', priority: 1 },
      {
        name: 'Unschedulable',
        type: 'string',
        jsonPath: '.spec.unschedulable',
        description: 'Whether it takes no new device.',
        priority: 1,
      },
      age,
    ],
    selectableFields: ['.spec.nodeName', '.spec.parent'],
  },
  {
    names: resources.mdevClass,
    scope: 'Cluster',
    description: `MdevClass says what MdevDevices that name it may be. Marked with the annotation ${defaultClassAnnotation}: "true" it binds those that name none.`,
    spec: classSpecSchema,
    columns: [
      {
        name: 'Default',
        type: 'string',
        jsonPath: `.metadata.annotations.${defaultClassAnnotation.replaceAll('.', '\\.')}`,
        description: 'Whether it binds devices that name no class.',
      },
      { name: 'Pinned-UUID', type: 'boolean', jsonPath: '.spec.allowPinnedUUID', description: 'Whether devices may choose their UUID.' },
      { name: 'Adopt', type: 'boolean', jsonPath: '.spec.allowAdopt', description: 'Whether devices may take over what others made.' },
      age,
    ],
    selectableFields: [],
  },
  {
    names: resources.mdevDeviceSet,
    scope: 'Namespaced',
    description: 'MdevDeviceSet is a number of like mediated devices that shall exist, in all or on each node.',
    spec: deviceSetSpecSchema,
    status: deviceSetStatusSchema,
    columns: [
      { name: 'Desired', type: 'integer', jsonPath: '.status.desiredReplicas', description: 'How many devices there shall be.' },
      { name: 'Current', type: 'integer', jsonPath: '.status.replicas', description: 'How many devices there are.' },
      { name: 'Ready', type: 'integer', jsonPath: '.status.readyReplicas', description: 'How many of them can be used.' },
      { name: 'Updated', type: 'integer', jsonPath: '.status.updatedReplicas', description: 'How many of them are as the template says.' },
      {
        name: 'Reason',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
        description: 'Why not all of them can be used, in a word.',
        priority: 1,
      },
      { name: 'Selector', type: 'string', jsonPath: '.status.selector', description: 'The label selector of the devices.', priority: 1 },
      age,
    ],
    selectableFields: [],
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' },
    rules: deviceSetRules,
  },
];

function crd(kind: Kind): SchemaNode {
  const { names } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      names: {
        kind: names.kind,
        listKind: `${names.kind}List`,
        plural: names.plural,
        singular: names.singular,
        shortNames: [names.shortName],
        categories: ['mediated'],
      },
      scope: kind.scope,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(kind.status === undefined
            ? {}
            : { subresources: { status: {}, ...(kind.scale !== undefined && { scale: { ...kind.scale } }) } }),
          ...(kind.selectableFields.length > 0 && { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
          additionalPrinterColumns: kind.columns,
          schema: {
            openAPIV3Schema: {
              description: kind.description,
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: { description: 'The version of this representation of the object.', type: 'string', maxLength: 317 },
                kind: { description: 'The kind of the object.', type: 'string', maxLength: 63 },
                metadata: { type: 'object' },
                spec: toStructuralSchema(kind.spec),
                ...(kind.status === undefined ? {} : { status: toStructuralSchema(kind.status) }),
              },
              ...kind.rules,
            },
          },
        },
      ],
    },
  };
}

/** The CustomResourceDefinitions of all kinds, by file name below crds/. */
export function customResourceDefinitions(): ReadonlyMap<string, SchemaNode> {
  return new Map(kinds.map((kind) => [`${group}_${kind.names.plural}.yaml`, crd(kind)]));
}
