/**
 * The managers of spec.replicas of an object, as managers of its Scale and back.
 * Follows k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go, its loss of the time of a new entry included.
 */
import type { ManagedFieldsEntry } from '../object.ts';
import { difference, has, isEmpty, setOf, type Path } from './field-set.ts';
import { decodeManaged, encodeManaged, identityKey, type ManagedSet } from './managed.ts';
import { fieldElement } from './path-element.ts';

const replicasInScale: Path = [fieldElement('spec'), fieldElement('replicas')];

/** The field at `names`. */
function pathTo(names: readonly string[]): Path {
  return names.map(fieldElement);
}

/** Of the managers of an object those that hold its replicas, as managers of a Scale. */
export function toScaleManagers(
  entries: readonly ManagedFieldsEntry[],
  replicas: readonly string[],
  scaleVersion: string,
): ManagedFieldsEntry[] {
  const held = [...(decodeManaged(entries) ?? new Map<string, ManagedSet>()).values()].filter(({ fields }) =>
    has(fields, pathTo(replicas)),
  );
  const managed = held.map(({ identity, time }): ManagedSet => ({
    identity: { ...identity, apiVersion: scaleVersion },
    fields: setOf(replicasInScale),
    time,
  }));
  return encodeManaged(new Map(managed.map((set) => [identityKey(set.identity), set])));
}

/** The managers of the object after its Scale was written: `scaleEntries` are the Scale's, `entries` the object's before. */
export function toObjectManagers(
  entries: readonly ManagedFieldsEntry[],
  scaleEntries: readonly ManagedFieldsEntry[],
  replicas: readonly string[],
  apiVersion: string,
): ManagedFieldsEntry[] {
  const path = pathTo(replicas);
  const parents = decodeManaged(entries) ?? new Map<string, ManagedSet>();
  const scales = new Map(decodeManaged(scaleEntries) ?? new Map<string, ManagedSet>());
  const result = new Map<string, ManagedSet>();
  for (const [key, set] of parents) {
    if (!has(set.fields, path)) {
      result.set(key, set);
      continue;
    }
    if (scales.delete(key)) {
      result.set(key, set);
      continue;
    }
    const rest = difference(set.fields, setOf(path));
    if (!isEmpty(rest)) result.set(key, { ...set, fields: rest });
  }
  for (const [key, { identity, fields }] of scales) {
    if (!has(fields, replicasInScale)) continue;
    result.set(key, { identity: { ...identity, apiVersion }, fields: setOf(path), time: parents.get(key)?.time });
  }
  return encodeManaged(result);
}
