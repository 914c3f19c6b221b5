import type { ConditionClaim } from '../../api/condition.ts';
import type { CreatedReason, InUseReason, OnlineReason, ReadyReason } from '../../api/reasons.ts';
import type { Device, DeviceUser, Users } from '../../provider/contract.ts';
import type { Desired, Observed } from './types.ts';

function created(status: ConditionClaim['status'], reason: CreatedReason, message: string): ConditionClaim {
  return { type: 'Created', status, reason, message };
}

function online(status: ConditionClaim['status'], reason: OnlineReason, message: string): ConditionClaim {
  return { type: 'Online', status, reason, message };
}

function inUse(status: ConditionClaim['status'], reason: InUseReason, message: string): ConditionClaim {
  return { type: 'InUse', status, reason, message };
}

function ready(status: ConditionClaim['status'], reason: ReadyReason, message: string): ConditionClaim {
  return { type: 'Ready', status, reason, message };
}

function userText(user: DeviceUser): string {
  return user.vm === undefined ? `${user.comm} (${user.pid})` : `${user.comm} (${user.pid}, VM ${user.vm})`;
}

/** The users of a device for people: at most eight by name. */
export function usersText(users: Users | undefined): string {
  const known = users?.known ?? [];
  if (known.length === 0) return 'a process that cannot be seen from here';
  const named = known.slice(0, 8).map(userText).join(', ');
  return known.length > 8 ? `${named} and ${known.length - 8} more` : named;
}

/** Condition InUse of a device that exists. */
export function inUseClaim(users: Users | undefined): ConditionClaim {
  if (users === undefined) return inUse('Unknown', 'Unknown', 'Whether the device is in use cannot be told.');
  if (users.inUse) return inUse('True', 'InUse', usersText(users));
  if (users.blind !== undefined) return inUse('Unknown', 'Unknown', `Whether the device is in use cannot be told: ${users.blind}.`);
  return inUse('False', 'NotInUse', 'Nobody has it open.');
}

/** All conditions where no usable device exists, or it goes: Created and Ready are False with the same reason and message. */
export function notCreated(reason: CreatedReason, message: string, readyReason: ReadyReason = reason): ConditionClaim[] {
  return [
    created('False', reason, message),
    online('False', 'NotCreated', 'There is no device to switch.'),
    inUse('False', 'NotInUse', 'There is no device.'),
    ready('False', readyReason, message),
  ];
}

/** Conditions of a device that is to go and cannot yet. */
export function stillThere(reason: CreatedReason, message: string, users: Users | undefined, readyReason: ReadyReason): ConditionClaim[] {
  return [
    created('False', reason, message),
    online('False', 'NotCreated', 'The device is being removed.'),
    inUseClaim(users),
    ready('False', readyReason, message),
  ];
}

function onlineClaim(desired: Desired, device: Device): ConditionClaim {
  if (device.online === undefined) {
    if (desired.online) return online('True', 'Implicit', 'The driver commits resources when the device is opened.');
    const advice = 'This parent cannot take a device offline: set spec.online to true, or use a parent with feature Online.';
    return online('False', 'Unsupported', advice);
  }
  if (device.online) return online('True', 'Online', 'The driver has committed the resources of the device.');
  return online('False', 'Offline', 'The device is offline, as spec.online asks.');
}

/** The conditions of a device that exists and has all its attributes; `problem` is what keeps it from being as specified. */
export function existing(desired: Desired, observed: Observed, device: Device, problem?: ConditionClaim): ConditionClaim[] {
  const adopted = observed.record?.adopted === true;
  const there = `mdev ${device.id} of type ${device.typeID} on ${device.parent}`;
  const exists = adopted
    ? created('True', 'Adopted', `${there} was there before and was taken over.`)
    : created('True', 'Created', `${there} exists.`);
  const switched = problem?.type === 'Online' ? problem : onlineClaim(desired, device);
  let verdict = ready('True', 'Ready', 'The device exists as specified and can be used.');
  if (problem !== undefined) verdict = ready('False', problem.reason as ReadyReason, problem.message);
  else if (switched.reason === 'Unsupported') verdict = ready('False', 'Unsupported', switched.message);
  else if (!desired.online) verdict = ready('False', 'Offline', 'The device exists and is offline, as spec.online asks.');
  return [exists, switched, inUseClaim(observed.users), verdict];
}

export function onlineFailed(message: string): ConditionClaim {
  return online('False', 'OnlineFailed', message);
}

export function groupFailed(message: string): ConditionClaim {
  return created('False', 'GroupFailed', message);
}
