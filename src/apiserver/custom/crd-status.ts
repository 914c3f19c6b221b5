/** status of a CRD: which names it may have, and whether it is served; apiextensions-apiserver's naming controller. */
import { formatTime } from '../meta/normalize-metadata.ts';
import { goQuote } from '../schema/go-format.ts';
import { childObject, childText, isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import { type AcceptedNames, readNames } from './custom-resource.ts';

/** A problem with one name, worded as the NamesAccepted condition words it. */
interface NameConflict {
  readonly reason: string;
  readonly message: string;
}

/** Sets acceptedNames, storedVersions and the conditions of `crd`, in place. `others` are all other CRDs; `now` is in ms. */
export function settleCrdStatus(crd: KubeObject, others: readonly KubeObject[], now: number): void {
  const spec = childObject(crd, 'spec') ?? {};
  const old = childObject(crd, 'status') ?? {};
  const wanted = readNames(childObject(spec, 'names'));
  const before = readNames(childObject(old, 'acceptedNames'));
  const taken = takenNames(childText(spec, 'group'), others);
  const conflict = findConflict(wanted, taken);
  const accepted = acceptNames(wanted, before, taken, conflict);
  const established = conflict === undefined || hasTrueCondition(crd, 'Established');
  crd['status'] = {
    ...old,
    acceptedNames: namesJson(accepted),
    conditions: [
      ...otherConditions(old),
      condition(
        old,
        'NamesAccepted',
        conflict === undefined,
        conflict?.reason ?? 'NoConflicts',
        conflict?.message ?? 'no conflicts found',
        now,
      ),
      established
        ? condition(old, 'Established', true, 'InitialNamesAccepted', 'the initial names have been accepted', now)
        : condition(old, 'Established', false, 'NotAccepted', 'not all names are accepted', now),
    ],
  };
}

/** Whether a condition of an object is True. */
export function hasTrueCondition(object: KubeObject, type: string): boolean {
  const conditions = childObject(object, 'status')?.['conditions'];
  if (!Array.isArray(conditions)) return false;
  return conditions.some((item) => isJsonObject(item) && item['type'] === type && item['status'] === 'True');
}

/** Replaces or adds one condition of a CRD, in place; the transition time moves only with the status. */
export function setCondition(crd: KubeObject, type: string, value: boolean, reason: string, message: string, now: number): void {
  const old = childObject(crd, 'status') ?? {};
  const conditions = Array.isArray(old['conditions']) ? old['conditions'].filter(isJsonObject) : [];
  const next = condition(old, type, value, reason, message, now);
  const index = conditions.findIndex((item) => item['type'] === type);
  crd['status'] = { ...old, conditions: index < 0 ? [...conditions, next] : conditions.with(index, next) };
}

function takenNames(group: string, others: readonly KubeObject[]): { resources: Map<string, string>; kinds: Map<string, string> } {
  const resources = new Map<string, string>();
  const kinds = new Map<string, string>();
  for (const other of others) {
    if (childObject(other, 'spec')?.['group'] !== group) continue;
    const names = readNames(childObject(childObject(other, 'status') ?? {}, 'acceptedNames'));
    for (const name of [names.plural, names.singular, ...names.shortNames]) if (name !== '') resources.set(name, other.metadata.name);
    for (const kind of [names.kind, names.listKind]) if (kind !== '' && kind !== 'List') kinds.set(kind, other.metadata.name);
  }
  return { resources, kinds };
}

/** The last of the names that are taken: each overwrites what the one before it made of the condition. */
function findConflict(wanted: AcceptedNames, taken: ReturnType<typeof takenNames>): NameConflict | undefined {
  const inUse = (name: string): string => `${goQuote(name)} is already in use`;
  if (taken.kinds.has(wanted.listKind)) return { reason: 'ListKindConflict', message: inUse(wanted.listKind) };
  if (taken.kinds.has(wanted.kind)) return { reason: 'KindConflict', message: inUse(wanted.kind) };
  const short = wanted.shortNames.filter((name) => taken.resources.has(name));
  if (short.length > 0) return { reason: 'ShortNamesConflict', message: short.map(inUse).join(', ') };
  if (taken.resources.has(wanted.singular)) return { reason: 'SingularConflict', message: inUse(wanted.singular) };
  return taken.resources.has(wanted.plural) ? { reason: 'PluralConflict', message: inUse(wanted.plural) } : undefined;
}

/** Names in conflict stay as they were accepted before. */
function acceptNames(
  wanted: AcceptedNames,
  before: AcceptedNames,
  taken: ReturnType<typeof takenNames>,
  conflict: NameConflict | undefined,
): AcceptedNames {
  if (conflict === undefined) return wanted;
  const resource = (now: string, then: string): string => (taken.resources.has(now) ? then : now);
  const kind = (now: string, then: string): string => (taken.kinds.has(now) ? then : now);
  return {
    plural: resource(wanted.plural, before.plural),
    singular: resource(wanted.singular, before.singular),
    kind: kind(wanted.kind, before.kind),
    listKind: kind(wanted.listKind, before.listKind),
    shortNames: wanted.shortNames.some((name) => taken.resources.has(name)) ? before.shortNames : wanted.shortNames,
    categories: wanted.categories,
  };
}

function namesJson(names: AcceptedNames): JsonObject {
  return {
    ...(names.categories.length > 0 && { categories: [...names.categories] }),
    kind: names.kind,
    listKind: names.listKind,
    plural: names.plural,
    ...(names.shortNames.length > 0 && { shortNames: [...names.shortNames] }),
    singular: names.singular,
  };
}

function otherConditions(status: JsonObject): Json[] {
  const conditions = Array.isArray(status['conditions']) ? status['conditions'].filter(isJsonObject) : [];
  return conditions.filter((item) => item['type'] !== 'NamesAccepted' && item['type'] !== 'Established');
}

function condition(old: JsonObject, type: string, value: boolean, reason: string, message: string, now: number): JsonObject {
  const status = value ? 'True' : 'False';
  const conditions = Array.isArray(old['conditions']) ? old['conditions'].filter(isJsonObject) : [];
  const previous = conditions.find((item) => item['type'] === type);
  const kept = previous?.['status'] === status ? previous['lastTransitionTime'] : undefined;
  return { lastTransitionTime: kept ?? formatTime(now), message, reason, status, type };
}
