/** Which fields differ between two versions of an object. */
import { isJsonObject, type Json } from '../object.ts';
import { jsonEqual } from '../schema/equality.ts';
import { insert, newSet, recursiveDifference, type FieldSet, type FieldSetBuilder, type Path } from './field-set.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { fieldOrUnknown, itemElement, resolve, type Atom, type ListAtom, type MapAtom, type TypeRef } from './type-ref.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

interface Builder {
  readonly added: FieldSetBuilder;
  readonly modified: FieldSetBuilder;
  readonly removed: FieldSetBuilder;
}

type Value = Json | undefined;

/** What it takes from `before` to `after`. */
export function compare(before: Json, after: Json, ref: TypeRef): Comparison {
  const result: Builder = { added: newSet(), modified: newSet(), removed: newSet() };
  visit(result, before, after, ref, []);
  return result;
}

/** The comparison without `fields` and all below them. */
export function excludeFields(comparison: Comparison, fields: FieldSet): Comparison {
  return {
    added: recursiveDifference(comparison.added, fields),
    modified: recursiveDifference(comparison.modified, fields),
    removed: recursiveDifference(comparison.removed, fields),
  };
}

function visit(result: Builder, before: Value, after: Value, ref: TypeRef, path: Path): void {
  const atoms = atomsOf(ref, before, after);
  let leaf = false;
  for (const atom of atoms) leaf = visitAtom(result, before, after, atom, path);
  if (leaf) return;
  if (before === undefined) insert(result.added, path);
  else if (after === undefined) insert(result.removed, path);
}

/** One atom, or two where the value changed its shape. */
function atomsOf(ref: TypeRef, before: Value, after: Value): Atom[] {
  const [old, now] = [resolve(ref, before), resolve(ref, after)];
  if (after === undefined) return [old];
  return before === undefined || old.kind === now.kind ? [now] : [old, now];
}

/** Answers whether the value was compared as one field. */
function visitAtom(result: Builder, before: Value, after: Value, atom: Atom, path: Path): boolean {
  if (isLeaf(before, after, atom)) {
    if (before === undefined) insert(result.added, path);
    else if (after === undefined) insert(result.removed, path);
    else if (!jsonEqual(before, after)) insert(result.modified, path);
    return true;
  }
  if (atom.kind === 'list') visitItems(result, before, after, atom, path);
  else if (atom.kind === 'map') visitFields(result, before, after, atom, path);
  return false;
}

/** Two empty containers are a leaf as well: only so is empty told from null. */
function isLeaf(before: Value, after: Value, atom: Atom): boolean {
  if (atom.kind === 'scalar') return true;
  if (atom.kind === 'list') return !atom.associative || (listOf(before).length === 0 && listOf(after).length === 0);
  return atom.atomic || (keysOf(before).length === 0 && keysOf(after).length === 0);
}

const listOf = (value: Value): Json[] => (Array.isArray(value) ? value : []);
const keysOf = (value: Value): string[] => (isJsonObject(value) ? Object.keys(value) : []);
const fieldAt = (value: Value, key: string): Value => (isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);

function visitFields(result: Builder, before: Value, after: Value, map: MapAtom, path: Path): void {
  for (const key of new Set([...keysOf(before), ...keysOf(after)])) {
    visit(result, fieldAt(before, key), fieldAt(after, key), fieldOrUnknown(map.ref, key).ref, [...path, fieldElement(key)]);
  }
}

function visitItems(result: Builder, before: Value, after: Value, list: ListAtom, path: Path): void {
  const [old, now] = [group(list, listOf(before)), group(list, listOf(after))];
  for (const element of new Set([...old.keys(), ...now.keys()])) {
    const [olds, nows] = [old.get(element) ?? [], now.get(element) ?? []];
    const child = [...path, element];
    if (olds.length <= 1 && nows.length <= 1) visit(result, olds[0], nows[0], list.items, child);
    else if (olds.length > 1 && nows.length > 1) {
      if (!jsonEqual(olds, nows)) insert(result.modified, child);
    } else if (olds.length > 1) {
      if (nows.length > 0) visit(result, undefined, nows[0], list.items, child);
      insert(result.removed, child);
    } else {
      if (olds.length > 0) visit(result, olds[0], undefined, list.items, child);
      insert(result.added, child);
    }
  }
}

function group(list: ListAtom, items: Json[]): Map<PathElement, Json[]> {
  const groups = new Map<PathElement, Json[]>();
  for (const item of items) {
    const element = itemElement(list, item);
    const others = groups.get(element);
    if (others === undefined) groups.set(element, [item]);
    else others.push(item);
  }
  return groups;
}
