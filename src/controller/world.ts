import { z } from 'zod';
import { deviceUUID } from '../api/device-uuid.ts';
import { isMarkedDefault, type MdevClass } from '../api/mdev-class.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import { resources, setLabels } from '../api/group.ts';
import { controllerOf, objectMetaSchema } from '../api/object-meta.ts';
import { keyOf } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import type { NamespaceFacts } from './class-rules.ts';
import type { NodeFacts } from './eligibility.ts';
import type { LostNodes } from './node-loss.ts';

/** What this project reads of a Node. */
export const nodeSchema = z.object({
  metadata: objectMetaSchema,
  spec: z
    .object({ unschedulable: z.boolean().optional(), taints: z.array(z.looseObject({ key: z.string().optional() })).nullish() })
    .optional(),
});

/** What this project reads of a Namespace. */
export const namespaceSchema = z.object({ metadata: objectMetaSchema });

export type NamespaceObject = z.infer<typeof namespaceSchema>;
export type NodeObject = z.infer<typeof nodeSchema>;

export type DeviceIndex = 'uuid' | 'parent' | 'node' | 'group' | 'set';
export type DeviceStore = Store<MdevDevice, DeviceIndex>;
export type ParentStore = Store<MdevParent, 'node' | 'type' | 'owner' | 'foreign'>;
export type NodeStore = Store<NodeObject>;
export type ClassStore = Store<MdevClass, 'default'>;
export type NamespaceStore = Store<NamespaceObject>;

/** The objects of the cluster as this controller sees them, and how they are found. */
export interface World {
  readonly devices: DeviceStore;
  readonly parents: ParentStore;
  readonly nodes: NodeStore;
  readonly classes: ClassStore;
  readonly namespaces: NamespaceStore;
  /** The nodes whose agents are not heard. */
  readonly lostNodes: LostNodes;
  /** The UUID that the device of an object has or shall have. */
  uuidOf(device: MdevDevice): string;
  /** The namespace of `device`, without labels as long as it is not known. */
  namespaceOf(device: MdevDevice): NamespaceFacts;
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
    // Only those without a status need to be remembered, which are few.
    const known = device.status?.uuid ?? uuids.get(device);
    if (known !== undefined) return known;
    const uuid = deviceUUID(device, clusterUID);
    uuids.set(device, uuid);
    return uuid;
  };
  const namespaces: NamespaceStore = new Store({});
  return {
    uuidOf,
    namespaceOf: ({ metadata: { namespace: name = '' } }) => ({ name, labels: namespaces.get(name)?.metadata.labels ?? {} }),
    devices: new Store({
      uuid: (device) => [uuidOf(device)],
      parent: (device) => (device.status?.allocation === undefined ? [] : [device.status.allocation.parentName]),
      node: (device) => [standingAllocation(device)?.nodeName ?? []].flat(),
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
    classes: new Store({ default: (mdevClass) => (isMarkedDefault(mdevClass) ? ['true'] : []) }),
    namespaces,
    lostNodes: new Map(),
  };
}

export function nodeFacts(node: NodeObject, lostNodes: LostNodes): NodeFacts {
  const { name, labels = {} } = node.metadata;
  const unschedulable = node.spec?.unschedulable === true || isOutOfService(node);
  return { name, labels, unschedulable, lost: lostNodes.has(name) };
}

/** The taint by which an administrator says that a node is off, nothing runs there, and what was on it may be given up. */
const outOfService = 'node.kubernetes.io/out-of-service';

/** Whether an administrator has said so of a node. */
export function isOutOfService(node: NodeObject): boolean {
  return node.spec?.taints?.some(({ key }) => key === outOfService) === true;
}

/** Whether a node is gone or out of service for good: what was there may be made elsewhere. */
export function isGivenUp(node: NodeObject | undefined): boolean {
  return node === undefined || isOutOfService(node);
}

/**
 * Whether nobody will come back for what is on a node: its agent is not heard, and its Node object is gone or says that it is out
 * of service. An agent that lives sees to its devices itself.
 */
export function isAbandoned(name: string, { nodes, lostNodes }: Pick<World, 'nodes' | 'lostNodes'>): boolean {
  return lostNodes.has(name) && isGivenUp(nodes.get(name));
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
