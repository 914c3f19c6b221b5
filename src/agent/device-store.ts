import { deviceUUID } from '../api/device-uuid.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import { Store } from '../kube/store.ts';

export type DeviceIndex = 'uuid' | 'group';
/** The MdevDevices allocated to this node, by key, by the UUID they claim and by group. */
export type DeviceStore = Store<MdevDevice, DeviceIndex>;

/** The group of a device as the index knows it: groups are per namespace. */
export function groupKey(namespace: string, group: string): string {
  return `${namespace}/${group}`;
}

/** @param clusterUID the UID of namespace kube-system */
export function createDeviceStore(clusterUID: string): DeviceStore {
  return new Store<MdevDevice, DeviceIndex>({
    // What was published saves deriving it again; a UUID that the object names goes before.
    uuid: (device) => [
      device.spec.uuid === undefined && device.status?.uuid !== undefined ? device.status.uuid : deviceUUID(device, clusterUID),
    ],
    group: ({ metadata, spec }) => (spec.group === undefined ? [] : [groupKey(metadata.namespace ?? '', spec.group)]),
  });
}
