import { isDeepStrictEqual } from 'node:util';
import { findCondition, toCondition, type Condition, type ConditionClaim } from '../api/condition.ts';
import type { DeviceStatus, MdevDevice } from '../api/mdev-device.ts';
import type { Device, Users } from '../provider/contract.ts';
import { coarsePinned } from './pinned.ts';

/** The part of an MdevDevice's status that the agent writes. */
export type AgentStatus = Pick<DeviceStatus, 'uuid' | 'deviceAPI' | 'vfio' | 'users' | 'pinned'> & { readonly conditions: Condition[] };

export interface StatusFacts {
  readonly uuid: string;
  /** The device, if it is there for the object to use. */
  readonly device: Device | undefined;
  readonly bootID: string | undefined;
  readonly users: Users | undefined;
  readonly claims: readonly ConditionClaim[];
}

function vfio(device: Device, bootID: string | undefined): DeviceStatus['vfio'] {
  const { group, groupPath, cdevPath, socketPath } = device;
  return {
    ...(group === undefined ? {} : { group }),
    ...(groupPath === undefined ? {} : { groupPath }),
    ...(cdevPath === undefined ? {} : { cdevPath }),
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(bootID === undefined ? {} : { bootID }),
  };
}

/** @param now milliseconds since the epoch */
export function buildStatus(object: MdevDevice, facts: StatusFacts, now: number): AgentStatus {
  const { uuid, device, bootID, users, claims } = facts;
  const known = (users?.known ?? []).slice(0, 64);
  const previous = object.status?.conditions;
  const pinned = coarsePinned(object.status?.pinned, users?.pinned);
  return {
    uuid,
    ...(device?.deviceAPI === undefined ? {} : { deviceAPI: device.deviceAPI }),
    ...(device === undefined ? {} : { vfio: vfio(device, bootID) }),
    ...(known.length === 0
      ? {}
      : { users: known.map(({ pid, comm, vm }) => ({ pid, comm: comm.slice(0, 64), ...(vm === undefined ? {} : { vm }) })) }),
    ...(pinned === undefined ? {} : { pinned }),
    conditions: claims.map((claim) => toCondition(claim, findCondition(previous, claim.type), object.metadata.generation, now)),
  };
}

/** Whether the object's status says all that `status` does, and nothing more in the fields that are the agent's. */
export function isPublished(object: MdevDevice, status: AgentStatus): boolean {
  const present = object.status ?? {};
  return (
    present.uuid === status.uuid &&
    present.deviceAPI === status.deviceAPI &&
    isDeepStrictEqual(present.vfio, status.vfio) &&
    isDeepStrictEqual(present.users, status.users) &&
    isDeepStrictEqual(present.pinned, status.pinned) &&
    status.conditions.every((condition) => isDeepStrictEqual(findCondition(present.conditions, condition.type), condition))
  );
}
