import type { ParentStatus, SupportedType } from '../api/mdev-parent.ts';

/**
 * How many more devices of a type fit on a parent, when some allocations to it are not in its status yet.
 *
 * Slots and Pooled parents: a type's size is 1/maxInstances of the parent, in integers through the least common multiple. The
 * largest availableInstances * size of all types is certainly free; what is pending is subtracted from that.
 * Exclusive parents: the first device, seen or pending, fixes the type.
 * Unknown: nothing can be said of how types share, so what is pending must be of one type only.
 * Always: no more of a type than availableInstances less what is pending of it.
 */
export interface CapacityModel {
  readonly sharing: 'Units' | 'Exclusive' | 'Unknown';
  readonly types: ReadonlyMap<string, TypeCapacity>;
  /** Units of the whole parent and units certainly free; 0 where sharing is not Units. */
  readonly totalUnits: number;
  readonly freeUnits: number;
  /** The type of the devices that exist, where all are of one type. */
  readonly existingType: string | undefined;
  /** Devices that exist. */
  readonly existing: number;
}

export interface TypeCapacity {
  readonly available: number;
  /** How many an empty parent carries, as far as known. */
  readonly most: number;
  /** In units; 0 where sharing is not Units. */
  readonly size: number;
}

/** Allocations not in the status yet, by type id. */
export type PendingCounts = ReadonlyMap<string, number>;

/** Beyond this, sizes could no longer be told apart in floating point; such a parent is treated as Unknown. */
const maxUnits = 2 ** 40;

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** The units of a parent whose types have these maxInstances, or undefined if that cannot be told. */
function unitsOf(types: readonly SupportedType[]): number | undefined {
  let units = 1;
  for (const { maxInstances } of types) {
    if (maxInstances === undefined) return undefined;
    if (maxInstances === 0) continue;
    units = (units / gcd(units, maxInstances)) * maxInstances;
    if (units > maxUnits) return undefined;
  }
  return units;
}

/** What the status of a parent says about its capacity. */
export function capacityModel(status: ParentStatus | undefined): CapacityModel {
  const supported = status?.supportedTypes ?? [];
  const devices = status?.devices ?? [];
  const units = status?.sharing === 'Slots' || status?.sharing === 'Pooled' ? unitsOf(supported) : undefined;
  const sharing = status?.sharing === 'Exclusive' ? 'Exclusive' : units === undefined ? 'Unknown' : 'Units';
  const types = new Map<string, TypeCapacity>();
  let freeUnits = 0;
  for (const type of supported) {
    const size = units === undefined || !type.maxInstances ? 0 : units / type.maxInstances;
    const most = type.maxInstances ?? type.availableInstances + type.instances;
    types.set(type.id, { available: type.availableInstances, most, size });
    freeUnits = Math.max(freeUnits, type.availableInstances * size);
  }
  const existingTypes = new Set([
    ...devices.map((device) => device.typeID),
    ...supported.flatMap((type) => (type.instances > 0 ? type.id : [])),
  ]);
  return {
    sharing,
    types,
    totalUnits: units ?? 0,
    freeUnits,
    existingType: existingTypes.size === 1 ? [...existingTypes][0] : undefined,
    existing: Math.max(
      devices.length,
      supported.reduce((sum, type) => sum + type.instances, 0),
    ),
  };
}

function unitsLeft(model: CapacityModel, pending: PendingCounts): number {
  let left = model.freeUnits;
  for (const [typeID, count] of pending) left -= count * (model.types.get(typeID)?.size ?? 0);
  return left;
}

function otherTypePending(pending: PendingCounts, typeID: string): boolean {
  for (const [other, count] of pending) if (other !== typeID && count > 0) return true;
  return false;
}

/** How many more devices of `typeID` can be allocated to the parent. */
export function remaining(model: CapacityModel, pending: PendingCounts, typeID: string): number {
  const type = model.types.get(typeID);
  if (type === undefined) return 0;
  const unseen = Math.max(0, type.available - (pending.get(typeID) ?? 0));
  switch (model.sharing) {
    case 'Units':
      return type.size === 0 ? 0 : Math.min(unseen, Math.max(0, Math.floor(unitsLeft(model, pending) / type.size)));
    case 'Exclusive':
      if (model.existingType !== undefined && model.existingType !== typeID) return 0;
      return otherTypePending(pending, typeID) ? 0 : unseen;
    case 'Unknown':
      return otherTypePending(pending, typeID) ? 0 : unseen;
  }
}

/** How empty the parent is for `typeID`: from 0, full, to 1. */
export function freeShare(model: CapacityModel, pending: PendingCounts, typeID: string): number {
  if (model.sharing === 'Units') return model.totalUnits === 0 ? 0 : Math.max(0, unitsLeft(model, pending)) / model.totalUnits;
  const most = model.types.get(typeID)?.most ?? 0;
  return most === 0 ? 0 : remaining(model, pending, typeID) / most;
}

/** Whether the parent carries anything, seen or pending. */
export function inUse(model: CapacityModel, pending: PendingCounts): boolean {
  if (model.existing > 0) return true;
  for (const count of pending.values()) if (count > 0) return true;
  return false;
}

/** `pending` with one more of `typeID`. */
export function withPending(pending: PendingCounts, typeID: string): PendingCounts {
  return new Map(pending).set(typeID, (pending.get(typeID) ?? 0) + 1);
}
