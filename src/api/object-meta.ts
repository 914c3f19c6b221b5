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
});

export type ObjectMeta = z.infer<typeof objectMetaSchema>;
