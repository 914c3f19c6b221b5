import { z } from 'zod';

/**
 * What this project reads of an object's metadata; everything else is kept out of the way.
 * Source: Kubernetes API conventions, "Metadata".
 */
export const objectMetaSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  creationTimestamp: z.coerce.string().optional(),
  deletionTimestamp: z.coerce.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z
    .array(
      z.looseObject({ apiVersion: z.string(), kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().optional() }),
    )
    .optional(),
});

/** The owner that made an object and looks after it, if it has one. */
export function controllerOf(metadata: ObjectMeta): NonNullable<ObjectMeta['ownerReferences']>[number] | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export type ObjectMeta = z.infer<typeof objectMetaSchema>;
