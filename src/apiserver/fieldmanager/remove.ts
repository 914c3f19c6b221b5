/** Takes fields out of an object. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { setOwn } from '../schema/own.ts';
import { below, isEmpty, type FieldSet } from './field-set.ts';
import { fieldElement, fieldName, type PathElement } from './path-element.ts';
import { fieldOrUnknown, itemElement, resolve, type ListAtom, type MapAtom, type TypeRef } from './type-ref.ts';

/**
 * `value` without the fields of `fields`. A container emptied by the removal of fields inside it stays, empty, as in
 * structured-merge-diff 6.3.2; other versions leave null there, which the schemas of CRDs then refuse.
 */
export function removeFields(value: Json, fields: FieldSet, ref: TypeRef): Json {
  const atom = resolve(ref, value);
  if (atom.kind === 'scalar') return value;
  if (atom.kind === 'list') return Array.isArray(value) && atom.associative ? removeItems(value, fields, atom) : null;
  return isJsonObject(value) && !atom.atomic ? removeKeys(value, fields, atom) : null;
}

function removeInside(value: Json, fields: FieldSet, ref: TypeRef): Json {
  const rest = removeFields(value, fields, ref);
  if (rest !== null) return rest;
  return Array.isArray(value) ? [] : isJsonObject(value) ? {} : null;
}

function removeItems(items: Json[], fields: FieldSet, list: ListAtom): Json {
  const kept: Json[] = [];
  let touched = false;
  for (const item of items) {
    const element = itemElement(list, item);
    if (fields.members.has(element)) continue;
    const inside = below(fields, element);
    if (isEmpty(inside)) kept.push(item);
    else {
      touched = true;
      kept.push(removeInside(item, inside, list.items));
    }
  }
  return kept.length > 0 || touched ? kept : null;
}

function removeKeys(object: JsonObject, fields: FieldSet, map: MapAtom): Json {
  const kept: JsonObject = {};
  let touched = false;
  for (const [key, value] of Object.entries(object)) {
    const element = fieldElement(key);
    if (fields.members.has(element)) continue;
    const inside = below(fields, element);
    if (isEmpty(inside)) setOwn(kept, key, value);
    else {
      touched = true;
      setOwn(kept, key, removeInside(value, inside, fieldOrUnknown(map.ref, key).ref));
    }
  }
  return Object.keys(kept).length > 0 || touched ? kept : null;
}

/** `set` with those fields added that the schema names and that have members below them. */
export function withNamedParents(set: FieldSet, ref: TypeRef | undefined): FieldSet {
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  const list = ref?.schema?.type === 'array' ? ref.schema : undefined;
  for (const [element, child] of set.children) {
    const name = fieldName(element);
    const field = name !== undefined && ref !== undefined && list === undefined ? fieldOrUnknown(ref, name) : undefined;
    if (field?.named === true) members.add(element);
    const items = element.startsWith('k:') ? list?.items : undefined;
    children.set(element, withNamedParents(child, field?.ref ?? (items === undefined ? undefined : { schema: items, preserve: false })));
  }
  return { members, children };
}
