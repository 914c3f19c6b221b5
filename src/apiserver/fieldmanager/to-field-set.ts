/** The fields that an applied configuration claims. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { insert, newSet, type FieldSet, type FieldSetBuilder, type Path } from './field-set.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { fieldOrUnknown, itemElement, resolve, type ListAtom, type MapAtom, type TypeRef } from './type-ref.ts';

/** Every leaf of `value`, every list item, and every key of a free map. */
export function toFieldSet(value: Json, ref: TypeRef): FieldSet {
  const set = newSet();
  visit(set, value, ref, []);
  return set;
}

function visit(set: FieldSetBuilder, value: Json, ref: TypeRef, path: Path): void {
  const atom = resolve(ref, value);
  if (atom.kind === 'scalar' || (atom.kind === 'map' && atom.atomic) || (atom.kind === 'list' && !atom.associative)) insert(set, path);
  else if (atom.kind === 'list') {
    if (Array.isArray(value)) visitItems(set, value, atom, path);
  } else if (isJsonObject(value)) visitFields(set, value, atom, path);
}

function visitItems(set: FieldSetBuilder, items: Json[], list: ListAtom, path: Path): void {
  const byElement = new Map<PathElement, Json[]>();
  for (const item of items) {
    const element = itemElement(list, item);
    byElement.set(element, [...(byElement.get(element) ?? []), item]);
  }
  for (const [element, [first, ...duplicates]] of byElement) {
    // Items that are there twice are owned as one: nothing below them is told apart.
    if (first !== undefined && duplicates.length === 0) visit(set, first, list.items, [...path, element]);
    insert(set, [...path, element]);
  }
}

function visitFields(set: FieldSetBuilder, object: JsonObject, map: MapAtom, path: Path): void {
  for (const [key, value] of Object.entries(object)) {
    const { ref, named } = fieldOrUnknown(map.ref, key);
    const child = [...path, fieldElement(key)];
    visit(set, value, ref, child);
    if (!named || value === null || (isJsonObject(value) && Object.keys(value).length === 0)) insert(set, child);
  }
}
