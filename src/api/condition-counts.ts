import type { Condition } from './condition.ts';
import { reasons } from './reasons.ts';

/** How many objects carry a condition like this. */
export interface ConditionCount {
  readonly condition: string;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly count: number;
}

const known = new Set(Object.values(reasons).flatMap((ofCondition) => Object.keys(ofCondition)));

/**
 * Counts conditions by type, status and reason, for metrics: a reason that is none of this project's counts as `Other`, so that there are
 * never more counts than the API has.
 */
export function countConditions(conditions: Iterable<Condition>): ConditionCount[] {
  const counts = new Map<string, ConditionCount>();
  for (const { type: condition, status, reason: given } of conditions) {
    const reason = known.has(given) ? given : 'Other';
    const key = `${condition}/${status}/${reason}`;
    counts.set(key, { condition, status, reason, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}
