import { findCondition, type Condition, type ConditionClaim } from '../api/condition.ts';

/** A node whose agent is not heard. */
export interface LostNode {
  /** When the agent last renewed its Lease, by its own clock: for people. Undefined if it never did. */
  readonly lastHeard: string | undefined;
  /** Tells one loss from another; grows. */
  readonly number: number;
}

/** The lost nodes by name. */
export type LostNodes = Map<string, LostNode>;

function since({ lastHeard }: LostNode): string {
  return lastHeard === undefined ? 'has never been heard' : `was last heard at ${lastHeard}`;
}

/** What is said of a device on a lost node. */
export function deviceLost(node: string, lost: LostNode): ConditionClaim {
  const message =
    `The agent of node ${node} ${since(lost)}; the device may still be there, and in use. Bring the node or its agent back. ` +
    `If the node will not come back, delete the object, and delete the Node or taint it node.kubernetes.io/out-of-service.`;
  return { type: 'Ready', status: 'Unknown', reason: 'NodeLost', message };
}

/** What is said of a parent on a lost node. */
export function parentLost(node: string, lost: LostNode): ConditionClaim {
  const message = `The agent of node ${node} ${since(lost)}; no device is put here. Bring the node or its agent back.`;
  return { type: 'Present', status: 'Unknown', reason: 'NodeLost', message };
}

/** Whether a condition of this type says that the node is lost. */
export function saysLost(conditions: readonly Condition[] | undefined, type: string): boolean {
  const condition = findCondition(conditions, type);
  return condition?.status === 'Unknown' && condition.reason === 'NodeLost';
}

/** What an object says, what is the case, and what was written before. */
export interface LossFacts {
  /** The object says that its node is lost. */
  readonly says: boolean;
  /** The number of the loss; undefined if the node is not lost. */
  readonly lost: number | undefined;
  /** The number of the loss for which this controller last said so and has not given it up; 0 for one that it only found. */
  readonly claimed: number | undefined;
}

/**
 * What to write. `Claim`: that the node is lost. `Release`: nothing any more, the agent has taken the condition over.
 * It is claimed once for each loss: an agent that contradicts lives, whatever its Lease says, and is the one to know.
 */
export function lossStep({ says, lost, claimed }: LossFacts): 'Claim' | 'Release' | 'None' {
  if (says) return 'None';
  if (lost !== undefined) return claimed === lost ? 'None' : 'Claim';
  return claimed === undefined ? 'None' : 'Release';
}
