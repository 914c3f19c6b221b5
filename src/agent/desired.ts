import { deviceUUID } from '../api/device-uuid.ts';
import { deviceFinalizer } from '../api/group.ts';
import { reclaimPolicy, type MdevDevice } from '../api/mdev-device.ts';
import { canTakeOver } from './decide/decide.ts';
import type { Desired } from './decide/types.ts';
import { attributesDigest, type OwnershipRecord } from './record/record.ts';

export interface DesiredContext {
  /** The UID of namespace kube-system, which stands for the cluster. */
  readonly clusterUID: string;
  /** Namespaces in which devices may be adopted; `*` is all. */
  readonly adoptNamespaces: readonly string[];
  /** The kernel's name of the parent that an MdevParent object stands for. */
  parentOf(objectName: string): string | undefined;
}

/**
 * What an object that is allocated to this node asks for, by itself; `withRecords` says which UUID it gets.
 * @throws Error when the object is not allocated
 */
export function desiredOf(device: MdevDevice, context: DesiredContext): Desired {
  const { metadata, spec, status } = device;
  const { namespace = '', name, uid = '' } = metadata;
  const allocation = status?.allocation;
  if (allocation === undefined) throw new Error(`MdevDevice ${namespace}/${name} is not allocated`);
  const attributes = spec.attributes ?? [];
  return {
    object: { uid, namespace, name },
    uuid: deviceUUID(device, context.clusterUID),
    uuidGiven: spec.uuid !== undefined,
    parent: context.parentOf(allocation.parentName),
    typeID: allocation.typeID,
    attributes,
    digest: attributesDigest(attributes, spec.params),
    params: spec.params,
    group: spec.group,
    online: spec.online,
    adopt: spec.adopt,
    adoptAllowed: context.adoptNamespaces.some((allowed) => allowed === '*' || allowed === namespace),
    reclaimPolicy: reclaimPolicy(spec),
    deleting: metadata.deletionTimestamp !== undefined,
    hasFinalizer: metadata.finalizers?.includes(deviceFinalizer) === true,
    withdrawn: allocation.withdrawn === true,
  };
}

/**
 * `desired` with the UUID of the object's record, if it has one; else of a device that it can take over; else as it is.
 * @param records those of objects of this namespace and name
 */
export function withRecords(desired: Desired, records: readonly OwnershipRecord[]): Desired {
  const own = records.find((candidate) => candidate.object.uid === desired.object.uid);
  const record = own ?? records.find((candidate) => canTakeOver(candidate, desired));
  return record === undefined ? desired : { ...desired, uuid: record.uuid };
}

/** Whether `a` has the better right to a UUID that both claim: the older one, then the one with the smaller UID. */
export function isOlder(a: MdevDevice, b: MdevDevice): boolean {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (left !== right) return left < right;
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '');
}
