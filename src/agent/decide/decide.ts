import { isComplete, type OwnershipRecord } from '../record/record.ts';
import { existing, notCreated } from './claims.ts';
import { creationObstacle } from './creation-checks.ts';
import type { CreatedReason } from '../../api/reasons.ts';
import type { Action, Decision, Desired, Observed } from './types.ts';
import { busyRetry, isOurs, mayStay, sinceWhen, undo } from './undo.ts';

/** How long to wait at most where a change that matters is announced, ms. */
const announcedRetry = 60_000;

type Check = (desired: Desired, observed: Observed) => Decision | undefined;

function wait(reason: CreatedReason, message: string, retryAfter = announcedRetry): Decision {
  return { action: { kind: 'wait', retryAfter }, conditions: notCreated(reason, message) };
}

function act(action: Action): Decision {
  return { action, conditions: [] };
}

function ownRecord(desired: Desired, observed: Observed): OwnershipRecord | undefined {
  return observed.record?.object.uid === desired.object.uid ? observed.record : undefined;
}

/** Whether `record`, whose object is gone, can become the record of the object that now has its name. */
export function canTakeOver(record: OwnershipRecord, desired: Desired): boolean {
  return (
    record.object.uid !== desired.object.uid &&
    record.object.namespace === desired.object.namespace &&
    record.object.name === desired.object.name &&
    !record.deletionSeen &&
    !desired.deleting &&
    !desired.withdrawn &&
    record.typeID === desired.typeID &&
    record.parent === desired.parent &&
    record.attributes.digest === desired.digest &&
    (!desired.uuidGiven || record.uuid === desired.uuid)
  );
}

const unreadable: Check = ({ uuid }, { recordUnreadable }) =>
  recordUnreadable
    ? wait(
        'RecordFailed',
        `The ownership record of ${uuid} cannot be read, so nothing is done to the device: restore the file, or give the device up with "mdev-operator release ${uuid}".`,
      )
    : undefined;

const deletion: Check = (desired, observed) => {
  if (!desired.deleting) return undefined;
  const record = ownRecord(desired, observed);
  if (record === undefined) return act(desired.hasFinalizer ? { kind: 'removeFinalizer' } : { kind: 'none' });
  if (desired.reclaimPolicy === 'Retain' && mayStay(record, observed)) return act({ kind: 'forget' });
  return undo(record, observed, 'deleted');
};

const withdrawal: Check = (desired, observed) => {
  if (!desired.withdrawn) return undefined;
  const record = ownRecord(desired, observed);
  if (record === undefined) {
    const message = 'Nothing of the device is on this node; the controller seeks another place.';
    return { action: { kind: 'none' }, conditions: notCreated('Withdrawn', message) };
  }
  if (record.adopted && mayStay(record, observed)) return act({ kind: 'forget' });
  return undo(record, observed, 'withdrawn');
};

const othersRecord: Check = (desired, observed) => {
  const { record } = observed;
  if (record === undefined || record.object.uid === desired.object.uid) return undefined;
  if (canTakeOver(record, desired)) return act({ kind: 'takeOver' });
  const { namespace, name } = record.object;
  const same = namespace === desired.object.namespace && name === desired.object.name;
  if (same && record.deletionSeen)
    return wait('UUIDConflict', `The device of the deleted object of this name is being removed first (UUID ${record.uuid}).`, busyRetry);
  const owner = same ? 'an earlier object of this name, which had another type, parent or attributes' : `MdevDevice ${namespace}/${name}`;
  return wait(
    'UUIDConflict',
    `The device ${record.uuid} belongs to ${owner}. Give another spec.uuid; if that object is gone, "mdev-operator release ${record.uuid}" or "remove" decides about its device.`,
  );
};

const rivalry: Check = (desired, observed) =>
  observed.rival === undefined || ownRecord(desired, observed) !== undefined
    ? undefined
    : wait(
        'UUIDConflict',
        `MdevDevice ${observed.rival.namespace}/${observed.rival.name} is older and has the same UUID ${desired.uuid}: give another spec.uuid.`,
      );

/** The object that was seen being deleted is back as if it had not been: the API server was restored from an older backup. */
const restored: Check = (desired, observed) => {
  const record = ownRecord(desired, observed);
  if (record?.deletionSeen !== true) return undefined;
  return isOurs(record, observed) && observed.device?.state === 'live' ? act({ kind: 'keep' }) : undo(record, observed, 'rollback');
};

const unfinishedRemoval: Check = (desired, observed) => {
  const record = ownRecord(desired, observed);
  return record?.step === 'removing' ? undo(record, observed, 'rollback') : undefined;
};

const movedAllocation: Check = (desired, observed) => {
  const record = ownRecord(desired, observed);
  if (record === undefined || desired.parent === undefined) return undefined;
  if (record.parent === desired.parent && record.typeID === desired.typeID) return undefined;
  if (!isOurs(record, observed)) return act({ kind: 'forget' });
  return wait(
    'InvalidSpec',
    `The device exists as type ${record.typeID} on ${record.parent}, but the object is allocated to ${desired.typeID} on ${desired.parent}: delete the object to remove the device.`,
  );
};

function make(desired: Desired, observed: Observed, lost?: 'by-hand' | 'reboot'): Decision {
  const obstacle = creationObstacle(desired, observed);
  if (obstacle !== undefined) return wait(obstacle.reason, obstacle.message);
  return act(lost === undefined ? { kind: 'create' } : { kind: 'create', lost });
}

/** A record of ours without its device: make it again; with a device that is not the record's: that is somebody else's. */
const lostDevice: Check = (desired, observed) => {
  const record = ownRecord(desired, observed);
  if (record === undefined || isOurs(record, observed)) return undefined;
  if (observed.device !== undefined) return act({ kind: 'forget' });
  if (record.step === 'creating') return make(desired, observed);
  return make(desired, observed, record.bootID === observed.bootID ? 'by-hand' : 'reboot');
};

const halfMade: Check = (desired, observed) => {
  const record = ownRecord(desired, observed);
  const { device } = observed;
  if (record === undefined || device === undefined) return undefined;
  if (device.state === 'creating')
    return wait(
      'KernelBlocked',
      `The kernel has not finished creating the device${sinceWhen(device)}; nothing needs to be done but wait.`,
      busyRetry,
    );
  if (device.state === 'removing') return wait('Removing', 'Somebody removes the device by hand; it is made again after that.', busyRetry);
  if (record.step === 'creating') return act({ kind: 'settle' });
  if (isComplete(record)) return undefined;
  if (record.attributes.writing && device.blockedSince !== undefined)
    return wait(
      'KernelBlocked',
      `The kernel has not finished writing attribute ${desired.attributes[record.attributes.written]?.name ?? ''} of the device${sinceWhen(device)}; once it has, the device is made anew.`,
      busyRetry,
    );
  if (record.attributes.writing) return undo(record, observed, 'rollback');
  return act({ kind: 'writeAttribute', index: record.attributes.written });
};

const adoption: Check = (desired, observed) => {
  if (!desired.adopt || ownRecord(desired, observed) !== undefined) return undefined;
  const { device } = observed;
  const { namespace } = desired.object;
  if (!desired.adoptAllowed)
    return wait('AdoptNotAllowed', `This agent does not adopt devices for namespace ${namespace}: start it with that namespace allowed.`);
  if (device === undefined)
    return wait('AdoptNotFound', `There is no device ${desired.uuid} to adopt on this node: make it, or set no spec.adopt.`);
  if (device.parent !== desired.parent || device.typeID !== desired.typeID)
    return wait(
      'AdoptMismatch',
      `The device ${desired.uuid} is of type ${device.typeID} on ${device.parent}, not ${desired.typeID} on ${desired.parent ?? 'the parent it was allocated to'}.`,
    );
  if (device.state !== 'live') return wait('AdoptNotFound', `The device ${desired.uuid} is ${device.state}.`, busyRetry);
  return act({ kind: 'adopt' });
};

const foreign: Check = (desired, observed) => {
  const { device } = observed;
  if (device === undefined || ownRecord(desired, observed) !== undefined) return undefined;
  return wait(
    'ForeignDevice',
    `A device ${device.id} of type ${device.typeID} exists on ${device.parent} that was not made for this object; it is left alone. Remove it by hand, give another spec.uuid, or adopt it.`,
  );
};

const absent: Check = (desired, observed) => (ownRecord(desired, observed) === undefined ? make(desired, observed) : undefined);

const grouping: Check = (desired, observed) => {
  const { device, groupMates } = observed;
  if (device === undefined || desired.group === undefined) return undefined;
  if (groupMates.every((mate) => mate.group === device.group)) return undefined;
  return act({ kind: 'setGroup', ids: [device.id, ...groupMates.map((mate) => mate.id)].sort() });
};

const switching: Check = (desired, { device }) =>
  device?.online === undefined || device.online === desired.online ? undefined : act({ kind: 'setOnline', online: desired.online });

const settled: Check = (desired, observed) =>
  observed.device === undefined ? undefined : { action: { kind: 'none' }, conditions: existing(desired, observed, observed.device) };

/** In this order; the first that has something to say decides. */
const checks: readonly Check[] = [
  unreadable,
  deletion,
  withdrawal,
  othersRecord,
  rivalry,
  restored,
  unfinishedRemoval,
  movedAllocation,
  adoption,
  foreign,
  absent,
  lostDevice,
  halfMade,
  grouping,
  switching,
  settled,
];

/**
 * The next thing to do for an object that is allocated to this node.
 *
 * Guarantees: a device is removed only with a record that says it is ours, and only for a deletion that was seen, a
 * withdrawal, or because it was made by half. A device without record, or of another boot than its record, is never touched
 * (an adoption only records it). Applied again and again it comes to an end: the device as specified, or nothing.
 */
export function decide(desired: Desired, observed: Observed): Decision {
  for (const check of checks) {
    const decision = check(desired, observed);
    if (decision !== undefined) return decision;
  }
  throw new Error(`Cannot decide about ${desired.uuid}: no check applies`);
}

/**
 * The next thing to do for a record whose object is missing. That the object is missing says nothing: only a deletion that
 * was seen lets its device go.
 */
export function decideOrphan(record: OwnershipRecord, observed: Observed): Decision {
  if (record.deletionSeen) return undo(record, observed, 'deleted');
  const goneByHand = record.bootID === observed.bootID && !isOurs(record, observed);
  return act({ kind: goneByHand ? 'forget' : 'none' });
}
