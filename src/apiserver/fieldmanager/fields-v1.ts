/** FieldSets in the FieldsV1 notation of managedFields. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { setOwn } from '../schema/own.ts';
import { isEmpty, newSet, type FieldSet, type FieldSetBuilder } from './field-set.ts';
import { compareElements, parseElement } from './path-element.ts';

/** `set` as FieldsV1: keys in order, `.` first for a field that is in the set together with fields below it. */
export function encodeFields(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  const elements = new Set([...set.members, ...set.children.keys()]);
  for (const element of [...elements].sort(compareElements)) {
    const child = set.children.get(element);
    if (child === undefined || isEmpty(child)) {
      if (set.members.has(element)) setOwn(fields, element, {});
    } else {
      setOwn(fields, element, { ...(set.members.has(element) ? { '.': {} } : {}), ...encodeFields(child) });
    }
  }
  return fields;
}

/** The set that `fields` writes down; undefined when it is no FieldsV1. */
export function decodeFields(fields: Json | undefined): FieldSet | undefined {
  const set = newSet();
  return fields === undefined || decodeInto(set, fields) ? set : undefined;
}

function decodeInto(set: FieldSetBuilder, fields: Json): boolean {
  if (!isJsonObject(fields)) return false;
  for (const [key, value] of Object.entries(fields)) {
    if (key === '.') continue;
    const element = parseElement(key);
    if (element === undefined || !isJsonObject(value)) return false;
    const keys = Object.keys(value);
    if (keys.length === 0 || Object.hasOwn(value, '.')) set.members.add(element);
    if (keys.length === 0 || (keys.length === 1 && keys[0] === '.')) continue;
    const child = newSet();
    if (!decodeInto(child, value)) return false;
    set.children.set(element, child);
  }
  return true;
}
