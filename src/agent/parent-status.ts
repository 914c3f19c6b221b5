import { isDeepStrictEqual } from 'node:util';
import { findCondition, toCondition, type ConditionClaim } from '../api/condition.ts';
import type { MdevParent, ParentDevice, ParentStatus, SupportedType } from '../api/mdev-parent.ts';
import type { PresentReason } from '../api/reasons.ts';
import type { Device, ParentType } from '../provider/contract.ts';
import type { ParentView } from './provider-state.ts';
import type { OwnershipRecord } from './record/record.ts';

/** Whom a device belongs to. */
export interface Ownership {
  /** The record of a device of ours; undefined for a foreign one. */
  recordOf(device: Device): OwnershipRecord | undefined;
  /** Whether the object of a record still exists. */
  hasObject(record: OwnershipRecord): boolean;
}

function present(status: ConditionClaim['status'], reason: PresentReason, message: string): ConditionClaim {
  return { type: 'Present', status, reason, message };
}

function toSupportedType(type: ParentType): SupportedType {
  const { id, name, description, deviceAPI, maxInstances, availableInstances, instances, attributes, reason } = type;
  return {
    id,
    name,
    ...(description === undefined ? {} : { description: description.slice(0, 4096) }),
    ...(deviceAPI === undefined ? {} : { deviceAPI }),
    ...(maxInstances === undefined ? {} : { maxInstances }),
    availableInstances,
    instances,
    ...(attributes.length === 0 ? {} : { attributes: attributes.slice(0, 64).map((attribute) => ({ ...attribute })) }),
    ...(availableInstances > 0 ? {} : { reason: (reason ?? 'The parent has no room for another instance.').slice(0, 1024) }),
  };
}

function toParentDevice(device: Device, ownership: Ownership): ParentDevice {
  const record = ownership.recordOf(device);
  if (record === undefined) return { uuid: device.id, typeID: device.typeID };
  return {
    uuid: device.id,
    typeID: device.typeID,
    owner: { ...record.object },
    ...(ownership.hasObject(record) ? {} : { orphaned: true }),
  };
}

function withCondition(status: ParentStatus, claim: ConditionClaim, object: MdevParent | undefined, now: number): ParentStatus {
  const previous = findCondition(object?.status?.conditions, claim.type);
  return { ...status, conditions: [toCondition(claim, previous, object?.metadata.generation, now)] };
}

/**
 * The status of a parent that is there.
 * @param object as it is published now
 * @param now milliseconds since the epoch
 */
export function presentStatus(
  view: ParentView,
  bootID: string | undefined,
  ownership: Ownership,
  object: MdevParent | undefined,
  now: number,
): ParentStatus {
  const { parent, devices } = view;
  const claim = parent.leaving
    ? present('False', 'Leaving', 'The driver unregisters the parent and waits until nobody has a device of it open.')
    : present('True', 'Present', 'The parent is registered on the node.');
  const status: ParentStatus = {
    ...(parent.driver === undefined ? {} : { driver: parent.driver }),
    ...(parent.vendorID === undefined ? {} : { vendorID: parent.vendorID }),
    ...(parent.deviceID === undefined ? {} : { deviceID: parent.deviceID }),
    ...(parent.numaNode === undefined ? {} : { numaNode: parent.numaNode }),
    ...(bootID === undefined ? {} : { bootID }),
    sharing: parent.sharing,
    features: [...parent.features],
    remaining: parent.types.map((type) => `${type.id}=${type.availableInstances}`).join(' '),
    supportedTypes: parent.types.map(toSupportedType),
    devices: [...devices]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, 2048)
      .map((device) => toParentDevice(device, ownership)),
  };
  return withCondition(status, claim, object, now);
}

/** The status of a parent that has gone: what it was, with nothing left on it. */
export function absentStatus(object: MdevParent, now: number): ParentStatus {
  const claim = present('False', 'Absent', 'The parent is not registered on the node: load its driver, or delete this object.');
  const { supportedTypes = [], ...last } = object.status ?? {};
  const status: ParentStatus = {
    ...last,
    remaining: supportedTypes.map(({ id }) => `${id}=0`).join(' '),
    supportedTypes: supportedTypes.map((type) => ({
      ...type,
      availableInstances: 0,
      instances: 0,
      reason: 'The parent is not registered on the node.',
    })),
    devices: [],
  };
  return withCondition(status, claim, object, now);
}

/** Whether `status` is what the object carries already. */
export function isPublishedParent(object: MdevParent, status: ParentStatus): boolean {
  return isDeepStrictEqual({ ...object.status }, { ...status });
}
