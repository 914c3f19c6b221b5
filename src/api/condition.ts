import { z } from 'zod';

const reasonPattern = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

/** A condition as metav1.Condition defines it. */
export const conditionSchema = z
  .object({
    type: z.string().min(1).max(64).describe('What the condition is about, such as Ready.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('The generation of the spec this was decided from; older than metadata.generation means it is not up to date.'),
    lastTransitionTime: z.iso.datetime().max(64).describe('When the status last changed.'),
    reason: z.string().min(1).max(128).regex(reasonPattern).describe('One word for programs; docs list them all.'),
    message: z.string().max(4096).describe('A sentence for people: what is the case and, where something is wrong, what to do.'),
  })
  .describe('One observation about the object.');

export type Condition = z.infer<typeof conditionSchema>;
export type ConditionStatus = Condition['status'];

/** What a decision says about a condition; time and generation are added when it is written. */
export interface ConditionClaim {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

/** The condition of `type`, if present. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * `claim` as a full condition. `lastTransitionTime` stays as it was in `previous` while the status is the same.
 * @param now milliseconds since the epoch
 */
export function toCondition(
  claim: ConditionClaim,
  previous: Condition | undefined,
  observedGeneration: number | undefined,
  now: number,
): Condition {
  const lastTransitionTime =
    previous?.status === claim.status ? previous.lastTransitionTime : new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z');
  return { ...claim, ...(observedGeneration === undefined ? {} : { observedGeneration }), lastTransitionTime };
}
