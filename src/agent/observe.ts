import type { MdevDevice } from '../api/mdev-device.ts';
import { ProviderError, type Device, type MdevProvider, type Users } from '../provider/contract.ts';
import type { Desired, Observed } from './decide/types.ts';
import { isOlder } from './desired.ts';
import { groupKey, type DeviceStore } from './device-store.ts';
import type { ProviderState } from './provider-state.ts';
import type { RecordStore } from './record/record-store.ts';
import { isComplete, type OwnershipRecord } from './record/record.ts';

export interface Observers {
  readonly provider: MdevProvider;
  readonly state: ProviderState;
  readonly records: RecordStore;
  readonly devices: DeviceStore;
}

/** Who uses the device; undefined where that cannot be told. */
async function usersOf(provider: MdevProvider, device: Device | undefined, signal: AbortSignal): Promise<Users | undefined> {
  if (device === undefined || device.state === 'creating') return undefined;
  try {
    return await provider.users(device.id, signal);
  } catch (error) {
    if (error instanceof ProviderError && error.step === 'users') return undefined;
    throw error;
  }
}

/** As `usersOf`, where it matters: not of a device made a moment ago, nor before its first removal is tried, which finds out for certain. */
async function usersNow(
  desired: Desired,
  device: Device | undefined,
  record: OwnershipRecord | undefined,
  justMade: boolean,
  provider: MdevProvider,
  signal: AbortSignal,
): Promise<Users | undefined> {
  if (justMade && device !== undefined) return { inUse: false, known: [] };
  if (desired.deleting && device?.state === 'live' && record?.step !== 'removing') return undefined;
  return usersOf(provider, device, signal);
}

function rivalOf(object: MdevDevice, { uuid }: Desired, devices: DeviceStore): Observed['rival'] {
  const rivals = devices
    .byIndex('uuid', uuid)
    .filter(
      (other) => other.metadata.uid !== object.metadata.uid && other.metadata.deletionTimestamp === undefined && isOlder(other, object),
    );
  const [rival] = rivals;
  return rival === undefined ? undefined : { namespace: rival.metadata.namespace ?? '', name: rival.metadata.name };
}

async function groupMatesOf(desired: Desired, observers: Observers, signal: AbortSignal): Promise<Device[]> {
  const { group, object } = desired;
  if (group === undefined) return [];
  const { devices, records, provider } = observers;
  const mates: Device[] = [];
  for (const other of devices.byIndex('group', groupKey(object.namespace, group))) {
    const { namespace = '', name, uid } = other.metadata;
    if (uid === object.uid) continue;
    const record = records.ofOwner(namespace, name).find((candidate) => candidate.object.uid === uid);
    if (record?.step !== 'ready' || record.parent !== desired.parent || !isComplete(record)) continue;
    const device = await provider.getDevice(record.uuid, signal);
    if (device?.state === 'live') mates.push(device);
  }
  return mates;
}

/**
 * What `read` answers, and the boot that it is true of.
 * @throws ProviderError EIO at step `connect` when the node rebooted while it was read: a device of one boot must not be judged by another
 */
async function inOneBoot<T>(provider: MdevProvider, signal: AbortSignal, read: () => Promise<T>): Promise<{ bootID: string; value: T }> {
  const { bootID } = await provider.info(signal);
  const value = await read();
  if ((await provider.info(signal)).bootID !== bootID)
    throw new ProviderError('EIO', 'connect', 'The node rebooted while it was looked at');
  return { bootID, value };
}

/**
 * Looks at everything that matters for the device of one object. The device itself is read afresh.
 * @param justMade the device was made a moment ago, so nobody can have it open
 * @throws ProviderError when the kernel cannot be asked
 */
export async function observeObject(
  object: MdevDevice,
  desired: Desired,
  justMade: boolean,
  observers: Observers,
  signal: AbortSignal,
): Promise<Observed> {
  const { provider, state, records, devices } = observers;
  const { bootID, value: device } = await inOneBoot(provider, signal, () => provider.getDevice(desired.uuid, signal));
  return {
    bootID,
    device,
    record: records.get(desired.uuid),
    recordUnreadable: records.unreadable(desired.uuid) !== undefined,
    parent: desired.parent === undefined ? undefined : state.view(desired.parent)?.parent,
    users: await usersNow(desired, device, records.get(desired.uuid), justMade, provider, signal),
    groupMates: await groupMatesOf(desired, observers, signal),
    rival: rivalOf(object, desired, devices),
  };
}

/** Looks at what matters for a record without its object. @throws ProviderError when the kernel cannot be asked */
export async function observeRecord(record: OwnershipRecord, observers: Observers, signal: AbortSignal): Promise<Observed> {
  const { provider, state } = observers;
  const { bootID, value: device } = await inOneBoot(provider, signal, () => provider.getDevice(record.uuid, signal));
  return {
    bootID,
    device,
    record,
    recordUnreadable: false,
    parent: state.view(record.parent)?.parent,
    users: record.deletionSeen ? await usersOf(provider, device, signal) : undefined,
    groupMates: [],
    rival: undefined,
  };
}
