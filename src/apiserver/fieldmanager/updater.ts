/** How ownership moves when an object changes: the rules of structured-merge-diff's Updater. */
import type { Json, JsonObject } from '../object.ts';
import { compare, excludeFields, type Comparison } from './compare.ts';
import { difference, emptySet, intersection, isEmpty, paths, recursiveDifference, union, type FieldSet, type Path } from './field-set.ts';
import { identityKey, type Managed, type ManagedSet, type ManagerIdentity } from './managed.ts';
import { merge } from './merge.ts';
import { fitToSchema } from './reconcile.ts';
import { removeFields, withNamedParents } from './remove.ts';
import { toFieldSet } from './to-field-set.ts';
import type { TypeRef } from './type-ref.ts';

/** One field that another manager holds with another value. */
export interface Conflict {
  readonly manager: ManagerIdentity;
  readonly path: Path;
}

/** An apply was refused because of other managers' fields. */
export class ApplyConflicts extends Error {
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super('other managers hold fields of the applied configuration');
    this.conflicts = conflicts;
  }
}

/** The object's type, and the fields that this request may not write. */
export interface UpdateContext {
  readonly ref: TypeRef;
  readonly resetFields: FieldSet;
}

/** Takes the fields that changed from everybody but `self`. Throws ApplyConflicts when somebody holds one and `force` is off. */
function takeChanged(managed: Managed, changes: Comparison, self: string, force: boolean): Managed {
  const changed = union(changes.modified, changes.added);
  const result = new Map<string, ManagedSet>();
  const conflicts: Conflict[] = [];
  for (const [key, entry] of [...managed].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (key === self) {
      if (!isEmpty(entry.fields)) result.set(key, entry);
      continue;
    }
    const lost = intersection(entry.fields, changed);
    for (const path of paths(lost)) conflicts.push({ manager: entry.identity, path });
    const fields = difference(difference(entry.fields, lost), changes.removed);
    if (!isEmpty(fields)) result.set(key, { ...entry, fields });
  }
  if (!force && conflicts.length > 0) throw new ApplyConflicts(conflicts);
  return result;
}

const fitAll = (managed: Managed, ref: TypeRef): Managed =>
  new Map([...managed].map(([key, entry]) => [key, { ...entry, fields: fitToSchema(entry.fields, ref) }]));

export interface UpdateResult {
  readonly managed: Managed;
  /** What the write set or changed, now its manager's; the rest of the map is the others. */
  readonly own: FieldSet;
}

/** The managers after a write that turned `live` into `updated`, without the writer, and the fields the writer gets. */
export function updateManagers(live: Json, updated: Json, managed: Managed, context: UpdateContext): UpdateResult {
  const changes = excludeFields(compare(live, updated, context.ref), context.resetFields);
  const others = takeChanged(fitAll(managed, context.ref), changes, '', true);
  return { managed: others, own: recursiveDifference(union(changes.modified, changes.added), context.resetFields) };
}

export interface ApplyResult {
  readonly object: JsonObject;
  readonly managed: Managed;
}

/**
 * Merges `applied` into `live` and moves ownership: `identity` holds exactly what it applies; what it held before and no
 * longer applies goes from the object unless somebody else holds it. Throws ApplyConflicts.
 */
export function applyConfiguration(
  live: JsonObject,
  applied: JsonObject,
  managed: Managed,
  identity: ManagerIdentity,
  force: boolean,
  context: UpdateContext,
): ApplyResult {
  const { ref, resetFields } = context;
  const key = identityKey(identity);
  const fitted = new Map(fitAll(managed, ref));
  const last = fitted.get(key);
  const fields = recursiveDifference(toFieldSet(applied, ref), resetFields);
  fitted.set(key, { identity, fields, time: last?.time });
  const merged = merge(live, applied, ref) ?? {};
  const pruned = last === undefined || isEmpty(last.fields) ? merged : prune(merged, last.fields, fitted, ref);
  const changes = excludeFields(compare(live, pruned, ref), resetFields);
  return { object: pruned as JsonObject, managed: takeChanged(fitted, changes, key, force) };
}

/** `merged` without what the applier held last time and nobody holds now. */
function prune(merged: Json, last: FieldSet, managed: Managed, ref: TypeRef): Json {
  const named = (set: FieldSet): FieldSet => withNamedParents(set, ref);
  const mergedFields = named(toFieldSet(merged, ref));
  const lastFields = named(last);
  let held: FieldSet = emptySet;
  for (const entry of managed.values()) held = union(held, entry.fields);
  const without = removeFields(merged, lastFields, ref);
  // What somebody holds comes back, and so does what went only because its parent did.
  const owned = removeFields(merged, difference(mergedFields, union(named(toFieldSet(without, ref)), named(held))), ref);
  return removeFields(merged, intersection(difference(mergedFields, named(toFieldSet(owned, ref))), lastFields), ref);
}
