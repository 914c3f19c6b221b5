import type { CreatedReason, ReadyReason } from '../../api/reasons.ts';
import { isComplete, type OwnershipRecord } from '../record/record.ts';
import { stillThere, usersText } from './claims.ts';
import type { Device, Users } from '../../provider/contract.ts';
import type { Decision, Observed, RemoveReason } from './types.ts';

/** How soon a device that is in use or busy in the kernel is looked at again, ms; changes that are announced come sooner. */
export const busyRetry = 5_000;

function waitForKernel(reason: CreatedReason, message: string, observed: Observed, ready: ReadyReason): Decision {
  return { action: { kind: 'wait', retryAfter: busyRetry }, conditions: stillThere(reason, message, observed.users, ready) };
}

/** For a sentence about what the kernel is at: where, and since when, if that is long. */
export function sinceWhen({ parent, blockedSince }: Device): string {
  return blockedSince === undefined ? '' : ` on parent ${parent}, since ${blockedSince}`;
}

function blockedRemoval(device: Device, users: Users | undefined): string {
  const cause =
    users !== undefined && users.known.length > 0
      ? `the kernel waits until ${usersText(users)} closes it`
      : "somebody has it open who cannot be seen from here, or its driver hangs: look in the node's kernel log";
  return `The removal of the device${sinceWhen(device)} has not returned: ${cause}. Nothing else waits for that.`;
}

/** Whether the device that is there is the one the record tells of, and not one that somebody made since under the same UUID. */
export function isOurs(record: OwnershipRecord, observed: Observed): boolean {
  const { device, bootID } = observed;
  return device !== undefined && record.bootID === bootID && device.parent === record.parent && isType(record.typeID, device);
}

/** A device that is being removed may no longer tell its type. */
function isType(typeID: string, device: Device): boolean {
  return device.typeID === typeID || (device.state === 'removing' && device.typeID === '');
}

/**
 * The next step on the way to no device and no record. Never asked for without the right to remove: a deletion that was
 * seen, a withdrawal, or a device that was made by half.
 */
export function undo(record: OwnershipRecord, observed: Observed, why: RemoveReason): Decision {
  const { device, users } = observed;
  const ready: ReadyReason = why === 'deleted' ? 'Deleting' : 'Removing';
  if (device === undefined || !isOurs(record, observed)) return { action: { kind: 'forget' }, conditions: [] };
  if (device.state === 'creating')
    return waitForKernel(
      'KernelBlocked',
      `The kernel is still creating the device${sinceWhen(device)}; it is removed as soon as that has ended.`,
      observed,
      ready,
    );
  if (device.state === 'removing' && device.blockedSince !== undefined)
    return waitForKernel('KernelBlocked', blockedRemoval(device, users), observed, ready);
  if (device.state === 'removing')
    return waitForKernel('Removing', 'The kernel is removing the device and waits until nobody has it open.', observed, ready);
  const asked = record.step === 'removing' && (why !== 'deleted' || record.deletionSeen);
  if (asked && users?.inUse === true)
    return waitForKernel('Removing', `In use by ${usersText(users)}: it is removed once it is closed.`, observed, ready);
  return {
    action: { kind: 'remove', why },
    conditions: stillThere('Removing', 'The device is being removed.', users, ready),
  };
}

/** Whether Retain, or a record of a device that somebody else made, lets the device stay: only a complete one that nobody is removing. */
export function mayStay(record: OwnershipRecord, observed: Observed): boolean {
  return isComplete(record) && observed.device?.state !== 'removing';
}
