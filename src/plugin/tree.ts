import type { DeviceUser, MdevDevice } from '../api/mdev-device.ts';
import type { ParentDevice } from '../api/mdev-parent.ts';
import { keyOf } from '../kube/resource.ts';
import { compareNames } from './name-order.ts';
import type { Survey } from './survey.ts';
import { typeEntries, type TypeEntry } from './types.ts';

/** A node with its parents, as `kubectl mdev tree` shows it. */
export interface NodeBranch {
  readonly nodeName: string;
  readonly parents: readonly ParentBranch[];
}

/** A parent with what it has room for and what is on it. */
export interface ParentBranch {
  /** The kernel's name of the parent. */
  readonly parent: string;
  readonly types: readonly Omit<TypeEntry, 'nodeName' | 'parent'>[];
  readonly devices: readonly DeviceLeaf[];
}

/** A device that is there, with the object it belongs to (none if foreign) and who has it open, as far as its object says. */
export interface DeviceLeaf extends ParentDevice {
  readonly users: readonly DeviceUser[];
}

/** An object whose device is on no parent. */
export interface WaitingDevice {
  readonly namespace: string;
  readonly name: string;
  /** Where it is to be made, if that is decided. */
  readonly nodeName?: string;
}

/** All of it; nodes without a parent are not in it. */
export interface Tree {
  readonly nodes: readonly NodeBranch[];
  readonly waiting: readonly WaitingDevice[];
}

/** Nodes, parents, types, devices and users, and who waits, each sorted by name. Users come from the objects. */
export function tree({ parents, devices, ledger }: Survey): Tree {
  const users = new Map(devices.map((device) => [keyOf(device.metadata), device.status?.users ?? []]));
  const shown = new Set<string>();
  const leaf = (device: ParentDevice): DeviceLeaf => {
    const key = device.owner === undefined ? undefined : keyOf(device.owner);
    if (key !== undefined) shown.add(key);
    return { ...device, users: users.get(key ?? '') ?? [] };
  };
  const nodes = [...Map.groupBy(parents, (parent) => parent.spec.nodeName)]
    .toSorted(([a], [b]) => compareNames(a, b))
    .map(([nodeName, ofNode]) => ({
      nodeName,
      parents: ofNode
        .toSorted((a, b) => compareNames(a.spec.parent, b.spec.parent))
        .map((parent) => ({
          parent: parent.spec.parent,
          types: typeEntries({ parents: [parent], ledger }).map(({ nodeName: _, parent: __, ...type }) => type),
          devices: (parent.status?.devices ?? []).toSorted((a, b) => compareNames(a.uuid, b.uuid)).map(leaf),
        })),
    }));
  const waiting = devices
    .filter(({ metadata }) => !shown.has(keyOf(metadata)))
    .map(asWaiting)
    .toSorted((a, b) => compareNames(a.namespace, b.namespace) || compareNames(a.name, b.name));
  return { nodes, waiting };
}

function asWaiting({ metadata, status }: MdevDevice): WaitingDevice {
  const nodeName = status?.allocation?.nodeName;
  return { namespace: metadata.namespace ?? '', name: metadata.name, ...(nodeName !== undefined && { nodeName }) };
}
