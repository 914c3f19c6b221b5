import { z } from 'zod';
import { deviceUUID } from '../api/device-uuid.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import { resources, setLabels } from '../api/group.ts';
import { controllerOf, objectMetaSchema } from '../api/object-meta.ts';
import { keyOf } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import type { NodeFacts } from './eligibility.ts';

/** What this project reads of a Node. */
export const nodeSchema = z.object({
  metadata: objectMetaSchema,
  spec: z.object({ unschedulable: z.boolean().optional(), taints: z.array(z.object({ key: z.string() })).optional() }).optional(),
});

export type NodeObject = z.infer<typeof nodeSchema>;

export type DeviceStore = Store<MdevDevice, 'uuid' | 'parent' | 'group' | 'set'>;
export type ParentStore = Store<MdevParent, 'node' | 'type' | 'owner' | 'foreign'>;
export type NodeStore = Store<NodeObject>;

/** The objects of the cluster as this controller sees them, and how they are found. */
export interface World {
  readonly devices: DeviceStore;
  readonly parents: ParentStore;
  readonly nodes: NodeStore;
  /** The UUID that the device of an object has or shall have. */
  uuidOf(device: MdevDevice): string;
}

/** The index values under which parents that offer a type are found, by its id and by its name. */
export function typeKeys(parent: MdevParent): string[] {
  return (parent.status?.supportedTypes ?? []).flatMap((type) => [`id:${type.id}`, `name:${type.name ?? type.id}`]);
}

/** The index value under which parents for `device` are found. */
export function typeKey(device: MdevDevice): string {
  return device.spec.type.id === undefined ? `name:${device.spec.type.name ?? ''}` : `id:${device.spec.type.id}`;
}

/** The group of `device` with its namespace, or undefined. */
export function groupKey(device: MdevDevice): string | undefined {
  return device.spec.group === undefined ? undefined : `${device.metadata.namespace ?? ''}/${device.spec.group}`;
}

/** The key of the set that `device` belongs to, or was made by, or undefined. */
export function setKeyOf({ metadata }: MdevDevice): string | undefined {
  const owner = controllerOf(metadata);
  const name = owner?.kind === resources.mdevDeviceSet.kind ? owner.name : metadata.labels?.[setLabels.set];
  return name === undefined ? undefined : keyOf({ namespace: metadata.namespace, name });
}

/** @param clusterUID the UID of namespace kube-system */
export function createWorld(clusterUID: string): World {
  const uuids = new WeakMap<MdevDevice, string>();
  const uuidOf = (device: MdevDevice): string => {
    const known = uuids.get(device);
    if (known !== undefined) return known;
    const uuid = device.status?.uuid ?? deviceUUID(device, clusterUID);
    uuids.set(device, uuid);
    return uuid;
  };
  return {
    uuidOf,
    devices: new Store({
      uuid: (device) => [uuidOf(device)],
      parent: (device) => (device.status?.allocation === undefined ? [] : [device.status.allocation.parentName]),
      group: (device) => [groupKey(device) ?? []].flat(),
      set: (device) => [setKeyOf(device) ?? []].flat(),
    }),
    parents: new Store({
      node: (parent) => [parent.spec.nodeName],
      type: typeKeys,
      owner: (parent) => (parent.status?.devices ?? []).flatMap(({ owner }) => (owner === undefined ? [] : keyOf(owner))),
      foreign: (parent) => (parent.status?.devices ?? []).flatMap(({ owner, uuid }) => (owner === undefined ? uuid : [])),
    }),
    nodes: new Store({}),
  };
}

/** Whoever puts it on a node says that the node is off and nothing runs there. */
const outOfService = 'node.kubernetes.io/out-of-service';

/** Whether a node is gone or out of service for good: what was there may be made elsewhere. */
export function isNodeLost(node: NodeObject | undefined): boolean {
  return node === undefined || (node.spec?.taints ?? []).some(({ key }) => key === outOfService);
}

export function nodeFacts(node: NodeObject): NodeFacts {
  const unschedulable = node.spec?.unschedulable === true || isNodeLost(node);
  return { name: node.metadata.name, labels: node.metadata.labels ?? {}, unschedulable };
}

/** Older objects come first; of two made in the same second the one with the smaller UID. */
export function byAge(a: MdevDevice, b: MdevDevice): number {
  const times = (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
  if (times !== 0) return times;
  const [left, right] = [a.metadata.uid ?? '', b.metadata.uid ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The allocation that holds: none once the agent has confirmed that nothing is left of a withdrawn one. */
export function standingAllocation(device: MdevDevice): NonNullable<MdevDevice['status']>['allocation'] {
  const allocation = device.status?.allocation;
  if (allocation?.withdrawn !== true) return allocation;
  const created = device.status?.conditions?.find((condition) => condition.type === 'Created');
  return created?.status === 'False' && created.reason === 'Withdrawn' ? undefined : allocation;
}
