/** Reading of loosely typed fields: the field when it is of the wanted type, else that type's zero value. */
import { childObject, isJsonObject, type Json, type JsonObject } from '../object.ts';

const none: JsonObject = Object.freeze({});

export function objectAt(object: JsonObject, key: string): JsonObject {
  return childObject(object, key) ?? none;
}

export function textAt(object: JsonObject, key: string): string {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'string' ? value : '';
}

export function numberAt(object: JsonObject, key: string): number {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'number' ? value : 0;
}

export function listAt(object: JsonObject, key: string): Json[] {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return Array.isArray(value) ? value : [];
}

/** The items of the list `key` that are objects. */
export function objectsAt(object: JsonObject, key: string): JsonObject[] {
  return listAt(object, key).filter(isJsonObject);
}

/** Makes `target[key]` what `source[key]` is: copied when set there, removed when not. */
export function restoreField(target: JsonObject, source: JsonObject, key: string): void {
  const value = Object.hasOwn(source, key) ? source[key] : undefined;
  if (value === undefined) Reflect.deleteProperty(target, key);
  else target[key] = structuredClone(value);
}
