/** The core's own bookkeeping, shared by the files that each do one operation on it. Nothing outside this folder sees it. */
import type { Clock } from '../../lib/clock.ts';
import { ErrnoError } from '../../lib/errno.ts';
import type { BusDriver, MdevIdentity, ParentOps, TypeInit } from './driver.ts';
import type { DeviceList, Listed } from './device-list.ts';
import type { Group, Groups } from './groups.ts';
import type { DeviceState, KernelReport, User } from './snapshot.ts';
import type { UUIDTable } from './uuid-table.ts';
import type { UeventAction, Uevents } from './uevents.ts';

export interface ParentType {
  readonly init: TypeInit;
  /** How many devices link to it: those whose driver's create has succeeded. */
  instances: number;
}

export interface Parent {
  readonly name: string;
  readonly driver: string;
  readonly subsystem: string;
  readonly vendorID: string | undefined;
  readonly deviceID: string | undefined;
  readonly numaNode: number | undefined;
  readonly ops: ParentOps;
  readonly types: Map<string, ParentType>;
  /** Its devices in any state. */
  readonly devices: DeviceList<Device>;
  leaving: boolean;
}

export interface Device extends Listed {
  readonly identity: MdevIdentity;
  readonly parent: Parent;
  readonly type: ParentType;
  state: DeviceState;
  online: boolean;
  busDriver: BusDriver | undefined;
  group: Group | undefined;
  /** peer_to_peer_resource_uuid, for types that require a group. */
  peerUUID: string | undefined;
  /** Opens that have not been closed, those under way included. */
  opens: number;
  /** Whether the driver's open has succeeded, and its release has not been called since. */
  committed: boolean;
  /** Writes to files of the device that are under way; a removal waits for them as sysfs does. */
  writes: number;
  /** The end of the last operation queued by `inTurn`. */
  turn: Promise<void> | undefined;
  waiters: Set<() => void> | undefined;
}

export interface Core {
  readonly clock: Clock;
  readonly report: (report: KernelReport) => void;
  readonly reportInterval: number;
  readonly uevents: Uevents;
  readonly groups: Groups;
  readonly parents: Map<string, Parent>;
  readonly devices: UUIDTable<Device>;
  readonly busDrivers: Map<string, BusDriver>;
  /** Aborted when the power goes: every wait ends. */
  readonly power: AbortSignal;
}

/** Tells those who wait in `when` that something about the device changed. */
export function changed(device: Device): void {
  if (device.waiters !== undefined) for (const waiter of [...device.waiters]) waiter();
}

/** Resolves as soon as `condition` holds; rejects with ENODEV when the power goes. */
export function when(core: Core, device: Device, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      device.waiters?.delete(look);
      core.power.removeEventListener('abort', onPowerOff);
    };
    const onPowerOff = (): void => {
      stop();
      reject(new ErrnoError('ENODEV', `the host went down while waiting for ${device.identity.uuid}`));
    };
    const look = (): void => {
      if (!condition()) return;
      stop();
      resolve();
    };
    if (core.power.aborted) {
      onPowerOff();
      return;
    }
    core.power.addEventListener('abort', onPowerOff, { once: true });
    (device.waiters ??= new Set()).add(look);
    look();
  });
}

/** Runs `wait` and calls `report` with the time passed, in ms, at every report interval until it is over. */
export async function reporting(core: Core, wait: Promise<void>, report: (milliseconds: number) => void): Promise<void> {
  const start = core.clock.monotonic();
  const arm = (): (() => void) =>
    core.clock.setTimeout(() => {
      disarm = arm();
      report(core.clock.monotonic() - start);
    }, core.reportInterval);
  let disarm = arm();
  try {
    await wait;
  } finally {
    disarm();
  }
}

/** Runs `operation` after those queued before it for this device, so that the driver's callbacks never overlap. */
export async function inTurn(device: Device, operation: () => Promise<void>): Promise<void> {
  const before = device.turn;
  const own = before === undefined ? operation() : before.then(operation);
  const end = own.then(
    () => undefined,
    // The error reaches whoever queued the operation, by `own`; the next in the queue does not care.
    () => undefined,
  );
  device.turn = end;
  try {
    await own;
  } finally {
    if (device.turn === end) device.turn = undefined;
  }
}

export function emitDevice(core: Core, device: Device, action: UeventAction, env: Readonly<Record<string, string>> = {}): void {
  const { uuid, parent } = device.identity;
  core.uevents.emit({ action, subsystem: 'mdev', devpath: `/devices/emulated/${parent}/${uuid}`, parent, uuid, env });
}

/** The device of this UUID in any state. @throws ErrnoError ENOENT */
export function findDevice(core: Core, uuid: string): Device {
  const device = core.devices.get(uuid);
  if (device === undefined) throw new ErrnoError('ENOENT', `there is no mdev ${uuid}`);
  return device;
}

/** The device if its sysfs files are there: not while it is made or removed. @throws ErrnoError ENOENT */
export function findFiles(core: Core, uuid: string): Device {
  const device = findDevice(core, uuid);
  if (device.state !== 'live') throw new ErrnoError('ENOENT', `mdev ${uuid} is ${device.state} and has no files`);
  return device;
}

export function findParent(core: Core, name: string): Parent {
  const parent = core.parents.get(name);
  if (parent === undefined) throw new ErrnoError('ENOENT', `there is no mdev parent ${name}`);
  return parent;
}

/** Who has the device open: by the rule of one opener a group, at most one. */
export function usersOf(device: Device): readonly User[] {
  const user = device.group?.user;
  return device.opens > 0 && user !== undefined ? [user] : [];
}

/** Counts a write that is under way, which a removal waits for. */
export async function writing(device: Device, operation: () => Promise<void>): Promise<void> {
  device.writes++;
  try {
    await operation();
  } finally {
    device.writes--;
    changed(device);
  }
}
