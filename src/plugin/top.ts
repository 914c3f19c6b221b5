import { findCondition } from '../api/condition.ts';
import type { DeviceUser, MdevDevice } from '../api/mdev-device.ts';
import { standingAllocation } from '../controller/world.ts';
import { compareNames } from './name-order.ts';

/** A device, as `kubectl mdev top` shows it. */
export interface TopEntry {
  readonly namespace: string;
  readonly name: string;
  /** Where it is, or is to be made. */
  readonly nodeName?: string;
  readonly parentName?: string;
  readonly typeID?: string;
  /** Of condition Ready. */
  readonly ready: 'True' | 'False' | 'Unknown';
  /** Of condition InUse; Unknown too where nobody has said. */
  readonly inUse: 'True' | 'False' | 'Unknown';
  readonly users: readonly DeviceUser[];
  /** Bytes that its user has locked, for all devices of that process. */
  readonly lockedBytes?: number;
  /** RLIMIT_MEMLOCK of that process, bytes; left out where nothing holds it back. */
  readonly limitBytes?: number;
}

/** Devices by what they have locked, the most first, then those in use, then by name. Figures are those of the status, which is coarse. */
export interface Top {
  readonly devices: readonly TopEntry[];
  readonly ready: number;
  readonly inUse: number;
  /** Bytes, each process counted once. */
  readonly lockedBytes: number;
}

/** Who uses devices, and what that has locked. */
export function top(devices: readonly MdevDevice[]): Top {
  const entries = devices.map(entryOf).toSorted(compare);
  const locked = new Map<string, number>();
  for (const { nodeName = '', users, lockedBytes = 0 } of entries) {
    const process = `${nodeName} ${users[0]?.pid ?? ''}`;
    locked.set(process, Math.max(locked.get(process) ?? 0, lockedBytes));
  }
  return {
    devices: entries,
    ready: entries.filter(({ ready }) => ready === 'True').length,
    inUse: entries.filter(({ inUse }) => inUse === 'True').length,
    lockedBytes: [...locked.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

function entryOf(device: MdevDevice): TopEntry {
  const { metadata, status } = device;
  const place = standingAllocation(device);
  const { lockedBytes, limitBytes } = status?.pinned ?? {};
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    ...(place !== undefined && { nodeName: place.nodeName, parentName: place.parentName, typeID: place.typeID }),
    ready: findCondition(status?.conditions, 'Ready')?.status ?? 'Unknown',
    inUse: findCondition(status?.conditions, 'InUse')?.status ?? 'Unknown',
    users: status?.users ?? [],
    ...(lockedBytes !== undefined && { lockedBytes }),
    ...(limitBytes !== undefined && { limitBytes }),
  };
}

function compare(a: TopEntry, b: TopEntry): number {
  return (
    (b.lockedBytes ?? 0) - (a.lockedBytes ?? 0) ||
    Number(b.inUse === 'True') - Number(a.inUse === 'True') ||
    compareNames(a.namespace, b.namespace) ||
    compareNames(a.name, b.name)
  );
}
