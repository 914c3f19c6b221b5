import type { Condition } from '../api/condition.ts';
import { countConditions, type ConditionCount } from '../api/condition-counts.ts';
import type { MdevDevice } from '../api/mdev-device.ts';

/**
 * The conditions of devices that a controller counts for metrics: Allocated of all, and Ready of those for which no agent speaks, because
 * they are nowhere or their node is lost. The others' an agent counts, so that the sum over all processes counts each once.
 */
export function conditionsOfController(devices: readonly MdevDevice[]): ConditionCount[] {
  return countConditions(
    devices.flatMap(({ status }) => {
      const nowhere = status?.allocation === undefined;
      return (status?.conditions ?? []).filter((condition) => isOurs(condition, nowhere));
    }),
  );
}

function isOurs({ type, reason }: Condition, nowhere: boolean): boolean {
  return type === 'Allocated' || (type === 'Ready' && (nowhere || reason === 'NodeLost'));
}
