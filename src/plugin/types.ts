import type { MdevParent, SupportedType } from '../api/mdev-parent.ts';
import { compareNames } from './name-order.ts';

/** One type of one parent, as `kubectl mdev types` shows it. */
export interface TypeEntry {
  nodeName: string;
  /** The kernel's name of the parent. */
  parent: string;
  typeID: string;
  typeName?: string;
  /** How many more can be made now; 0 where `reason` says why. */
  remaining: number;
  /** How many exist. */
  instances: number;
  reason?: string;
}

/** What can still be made where, as the parents' agents have said last; sorted by node, parent and type. */
export function typeEntries(parents: readonly MdevParent[]): TypeEntry[] {
  return parents
    .flatMap((parent) => (parent.status?.supportedTypes ?? []).map((type) => typeEntry(parent, type)))
    .toSorted((a, b) => compareNames(a.nodeName, b.nodeName) || compareNames(a.parent, b.parent) || compareNames(a.typeID, b.typeID));
}

function typeEntry({ spec, status }: MdevParent, type: SupportedType): TypeEntry {
  const present = status?.conditions?.find((condition) => condition.type === 'Present');
  const reason =
    present !== undefined && present.status !== 'True'
      ? present.message
      : spec.unschedulable
        ? 'the parent is unschedulable'
        : spec.allowedTypes !== undefined && !spec.allowedTypes.includes(type.id)
          ? "the type is not among the parent's allowedTypes"
          : undefined;
  const why = reason ?? (type.availableInstances === 0 ? type.reason : undefined);
  return {
    nodeName: spec.nodeName,
    parent: spec.parent,
    typeID: type.id,
    ...(type.name !== undefined && { typeName: type.name }),
    remaining: reason === undefined ? type.availableInstances : 0,
    instances: type.instances,
    ...(why !== undefined && { reason: why }),
  };
}
