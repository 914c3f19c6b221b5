import { z } from 'zod';
import { matchesGlob } from '../lib/glob.ts';
import { apiVersion, defaultClassAnnotation, resources } from './group.ts';
import { labelSelectorSchema, labelsSchema } from './label-selector.ts';
import { attributePattern, fileNamePattern, labelPattern, line } from './patterns.ts';
import { objectMetaSchema } from './object-meta.ts';
import { listTypes, rules } from './schema-meta.ts';

const namespacesSchema = z
  .object({
    names: z
      .array(z.string().min(1).max(63).regex(labelPattern))
      .max(256)
      .optional()
      .describe('Names of namespaces; * stands for any text.')
      .meta(listTypes.set),
    selector: labelSelectorSchema.optional().describe('Labels of the namespaces.'),
  })
  .describe('In which namespaces devices of this class may be made. In all, if left out.')
  .meta(rules({ rule: 'has(self.names) != has(self.selector)', message: 'exactly one of names and selector must be set' }));

const parentsSchema = z
  .object({
    selector: labelSelectorSchema.optional().describe('Labels of the MdevParent objects.'),
    nodeSelector: labelsSchema.optional().describe('Labels that their nodes must have.'),
  })
  .describe('Which parents carry devices of this class: those that fit both. All, if left out.');

const typeSchema = z
  .object({
    id: z.string().min(1).max(128).regex(fileNamePattern).optional().describe("The type's directory name in sysfs, such as nvidia-11."),
    name: z.string().min(1).max(256).regex(line).optional().describe("The type's name, such as GRID M60-*."),
  })
  .describe('Types of mediated devices, by id or by name; * stands for any text.')
  .meta(rules({ rule: 'has(self.id) != has(self.name)', message: 'exactly one of id and name must be set' }));

const attributeSchema = z
  .object({
    name: z.string().min(1).max(255).regex(attributePattern).describe('The name of the attribute; * stands for any text.'),
    values: z
      .array(z.string().min(1).max(256).regex(line))
      .max(64)
      .optional()
      .describe('What may be written to it; * stands for any text. Anything, if left out.')
      .meta(listTypes.set),
  })
  .describe('An attribute that devices may have written.');

/** `spec`: what devices of the class may be. A class only takes away: what it does not mention is as without a class. */
export const classSpecSchema = z
  .object({
    namespaces: namespacesSchema.optional(),
    parents: parentsSchema.optional(),
    types: z
      .array(typeSchema)
      .max(256)
      .optional()
      .describe('The types that devices may have, whether they ask for them by id or by name. All, if left out.')
      .meta(listTypes.atomic),
    attributes: z
      .array(attributeSchema)
      .max(64)
      .optional()
      .describe('The attributes that devices may have written. All, if left out; none, if empty.')
      .meta(listTypes.atomic),
    params: z
      .array(z.string().min(1).max(1024).regex(line))
      .max(64)
      .optional()
      .describe('What devices may have as params, each as a whole; * stands for any text. Anything, if left out; none, if empty.')
      .meta(listTypes.set),
    allowPinnedUUID: z.boolean().default(true).describe('Whether devices may choose their UUID. Those that adopt always do.'),
    allowAdopt: z
      .boolean()
      .default(false)
      .describe(
        'Whether devices may take over what somebody else made. Their namespace must also be one that controller and agent were started to allow.',
      ),
  })
  .describe('What devices of this class may be. What is not mentioned is as without a class, but for allowAdopt.');

/** An MdevClass object as this project reads it; unknown fields are ignored. */
export const mdevClassSchema = z
  .object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(resources.mdevClass.kind),
    metadata: objectMetaSchema,
    spec: classSpecSchema,
  })
  .describe('What MdevDevices that name this class may be.');

export type MdevClass = z.infer<typeof mdevClassSchema>;
export type ClassSpec = z.infer<typeof classSpecSchema>;

/** Whether the class is marked to bind devices that name none. */
export function isMarkedDefault(mdevClass: MdevClass): boolean {
  return mdevClass.metadata.annotations?.[defaultClassAnnotation] === 'true';
}

/** Whether the class allows a type that a parent offers; one without name goes by its id. */
export function allowsType({ types }: ClassSpec, id: string, name: string | undefined): boolean {
  return types?.some((type) => (type.id !== undefined ? matchesGlob(type.id, id) : matchesGlob(type.name ?? '', name ?? id))) ?? true;
}
