import { findCondition, toCondition, type Condition, type ConditionClaim } from '../api/condition.ts';
import type { Allocation, MdevDevice } from '../api/mdev-device.ts';
import type { WhyNot } from './why-not.ts';

/** What the controller applies to an object: all of the status that is its own. */
export interface StatusPatch {
  /** Makes the write fail if the object was made anew in between. */
  readonly metadata: { readonly uid?: string | undefined };
  readonly status: { readonly allocation?: Allocation; readonly conditions: readonly Condition[] };
}

function condition(device: MdevDevice, claim: ConditionClaim, now: number): Condition {
  return toCondition(claim, findCondition(device.status?.conditions, claim.type), device.metadata.generation, now);
}

function patch(device: MdevDevice, allocation: Allocation | undefined, conditions: readonly Condition[]): StatusPatch {
  return {
    metadata: { uid: device.metadata.uid },
    status: { ...(allocation === undefined ? {} : { allocation }), conditions },
  };
}

/**
 * The device has a place; Ready is the agent's from now on. Where an agent had it before, parts of the condition may still be
 * that agent's: given up now it would stay behind without its reason, which no server takes. So it is left for the agent to
 * take over.
 */
export function allocatedStatus(device: MdevDevice, allocation: Allocation, now: number): StatusPatch {
  const { nodeName, parentName, className } = allocation;
  const message = `Placed on ${parentName} of node ${nodeName}${className === undefined ? '' : `, as class ${className} allows`}.`;
  const allocated = condition(device, { type: 'Allocated', status: 'True', reason: 'Allocated', message }, now);
  if (findCondition(device.status?.conditions, 'Created') === undefined) return patch(device, allocation, [allocated]);
  const pending = { type: 'Ready', status: 'False', reason: 'Pending', message: 'The device is about to be created.' } as const;
  return patch(device, allocation, [allocated, condition(device, pending, now)]);
}

/** The device has no place, and so is not ready, for the same reason. */
export function refusedStatus(device: MdevDevice, { reason, message }: WhyNot, now: number): StatusPatch {
  const claim = { status: 'False', reason, message } as const;
  return patch(device, undefined, [
    condition(device, { type: 'Allocated', ...claim }, now),
    condition(device, { type: 'Ready', ...claim }, now),
  ]);
}

/** The device shall leave its place; its agent has to confirm that nothing is there. */
export function withdrawnStatus(device: MdevDevice, allocation: Allocation, message: string, now: number): StatusPatch {
  return patch(device, allocation, [condition(device, { type: 'Allocated', status: 'False', reason: 'Withdrawn', message }, now)]);
}

/** Whether the object says already what `refusedStatus` would say. */
export function saysRefused(device: MdevDevice, { reason, message }: WhyNot): boolean {
  if (device.status?.allocation !== undefined) return false;
  return ['Allocated', 'Ready'].every((type) => {
    const now = findCondition(device.status?.conditions, type);
    return now?.status === 'False' && now.reason === reason && now.message === message;
  });
}
