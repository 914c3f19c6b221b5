import type { DeviceUser, MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent, ParentDevice } from '../api/mdev-parent.ts';
import { compareNames } from './name-order.ts';
import { typeEntries, type TypeEntry } from './types.ts';

/** A node with its parents, as `kubectl mdev tree` shows it. */
export interface NodeBranch {
  nodeName: string;
  parents: ParentBranch[];
}

/** A parent with what it has room for and what is on it. */
export interface ParentBranch {
  /** The kernel's name of the parent. */
  parent: string;
  types: TypeEntry[];
  devices: DeviceLeaf[];
}

/** A device that is there, with the object it belongs to (none if foreign) and who has it open, as far as its object says. */
export interface DeviceLeaf extends ParentDevice {
  users: DeviceUser[];
}

/** Nodes, parents, types, devices and users, each sorted by name. Users come from the objects in `devices`. */
export function tree(parents: readonly MdevParent[], devices: readonly MdevDevice[]): NodeBranch[] {
  const users = new Map(devices.map((device) => [device.metadata.uid, device.status?.users ?? []]));
  const nodes = Map.groupBy(parents, (parent) => parent.spec.nodeName);
  return [...nodes]
    .toSorted(([a], [b]) => compareNames(a, b))
    .map(([nodeName, ofNode]) => ({
      nodeName,
      parents: ofNode
        .toSorted((a, b) => compareNames(a.spec.parent, b.spec.parent))
        .map((parent) => ({
          parent: parent.spec.parent,
          types: typeEntries([parent]),
          devices: (parent.status?.devices ?? [])
            .toSorted((a, b) => compareNames(a.uuid, b.uuid))
            .map((device) => ({ ...device, users: users.get(device.owner?.uid ?? '') ?? [] })),
        })),
    }));
}
