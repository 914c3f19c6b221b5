import type { MdevParent, SupportedType } from '../api/mdev-parent.ts';

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
    .toSorted((a, b) => compare(a.nodeName, b.nodeName) || compare(a.parent, b.parent) || compare(a.typeID, b.typeID));
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

/** The same order in every locale; numbers within a name by their value. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
