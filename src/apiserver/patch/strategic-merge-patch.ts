/**
 * Strategic merge patch: a merge patch in which lists merge as their schema says (patch strategy and merge key) and in which
 * directives delete, replace and order: `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`.
 */
import { fieldSchema, type TypeSchema } from '../builtin/type-schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { setOwn } from '../schema/own.ts';
import { mergeList, orderList } from './strategic-list.ts';
import { StrategicPatchError } from './strategic-patch-error.ts';

const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';
const RETAIN_KEYS = '$retainKeys';

/** `original` changed by `patch`; neither is changed, the result may share values with both. */
export function strategicMergePatch(original: JsonObject, patch: JsonObject, schema: TypeSchema | undefined): JsonObject {
  if (Object.hasOwn(patch, '$patch')) return applyMapDirective(patch);
  const result: JsonObject = {};
  const retained = retainedKeys(patch);
  for (const [key, value] of Object.entries(original)) if (retained === undefined || retained.has(key)) setOwn(result, key, value);
  const lists = new Set(Object.keys(patch).filter((key) => key.startsWith(ORDER)));
  for (const key of lists) applyOrder(result, patch, key.slice(ORDER.length), schema);
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN_KEYS || lists.has(key) || lists.has(ORDER + key)) continue;
    if (key.startsWith(DELETE_FROM)) deleteFromList(result, key.slice(DELETE_FROM.length), value);
    else mergeField(result, key, value, fieldSchema(schema, key));
  }
  return result;
}

function applyMapDirective(patch: JsonObject): JsonObject {
  const { $patch: directive, ...rest } = patch;
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw new StrategicPatchError(500, `unknown patch type: ${JSON.stringify(directive ?? null)} in map: ${JSON.stringify(patch)}`);
}

function retainedKeys(patch: JsonObject): Set<Json> | undefined {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return undefined;
  const list = patch[RETAIN_KEYS];
  const malformed = (): StrategicPatchError => new StrategicPatchError(400, 'invalid patch format of retainKeys');
  if (!Array.isArray(list)) throw malformed();
  const retained = new Set(list);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key === RETAIN_KEYS || key.startsWith(DELETE_FROM) || key.startsWith(ORDER)) continue;
    if (!retained.has(key)) throw malformed();
  }
  return retained;
}

function mergeField(result: JsonObject, key: string, change: Json, schema: TypeSchema | undefined): void {
  if (change === null) {
    Reflect.deleteProperty(result, key);
    return;
  }
  const old = Object.hasOwn(result, key) ? result[key] : undefined;
  const replaces = (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',').includes('replace');
  if (isJsonObject(old) && isJsonObject(change) && !replaces) setOwn(result, key, strategicMergePatch(old, change, schema));
  else if (Array.isArray(old) && Array.isArray(change)) setOwn(result, key, mergeListField(old, change, schema));
  else {
    const plain = withoutDirectives(old === undefined || !sameKind(old, change) ? withoutNulls(change) : change);
    if (plain === undefined) Reflect.deleteProperty(result, key);
    else setOwn(result, key, plain);
  }
}

const sameKind = (a: Json, b: Json): boolean => typeof a === typeof b && Array.isArray(a) === Array.isArray(b);

function mergeListField(old: Json[], change: Json[], schema: TypeSchema | undefined): Json[] {
  if (!mergesByStrategy(schema)) return change;
  return mergeList(old, change, schema?.['x-kubernetes-patch-merge-key'], (item, patch) => strategicMergePatch(item, patch, schema?.items));
}

const mergesByStrategy = (schema: TypeSchema | undefined): boolean =>
  (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',').includes('merge');

function deleteFromList(result: JsonObject, key: string, values: Json): void {
  const old = Object.hasOwn(result, key) ? result[key] : undefined;
  if (!Array.isArray(old)) return;
  if (!Array.isArray(values)) throw new StrategicPatchError(400, 'invalid patch format of primitive list');
  setOwn(
    result,
    key,
    old.filter((item) => !values.includes(item)),
  );
}

/** Merges the list `key` and brings it into the order the patch asks for; what the patch does not name keeps its place. */
function applyOrder(result: JsonObject, patch: JsonObject, key: string, schema: TypeSchema | undefined): void {
  const order = patch[ORDER + key];
  const list = fieldSchema(schema, key);
  const old = Object.hasOwn(result, key) ? result[key] : undefined;
  const change = Object.hasOwn(patch, key) ? patch[key] : undefined;
  if (!Array.isArray(order) || !isListOrUnset(old) || !isListOrUnset(change)) {
    throw new StrategicPatchError(400, 'invalid patch format of setElementOrder list');
  }
  if (old === undefined && change === undefined) return;
  const merged = change === undefined ? (old ?? []) : old === undefined ? listWithoutDirectives(change) : mergeListField(old, change, list);
  setOwn(result, key, orderList(merged, order, old ?? [], list?.['x-kubernetes-patch-merge-key']));
}

const isListOrUnset = (value: Json | undefined): value is Json[] | undefined => value === undefined || Array.isArray(value);

/** `value` without the parts that are directives; undefined when it is one itself. */
function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) return listWithoutDirectives(value);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, '$patch')) return undefined;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const kept = withoutDirectives(item);
    if (kept !== undefined) setOwn(result, key, kept);
  }
  return result;
}

const listWithoutDirectives = (list: Json[]): Json[] => list.map(withoutDirectives).filter((item) => item !== undefined);

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) setOwn(result, key, withoutNulls(item));
  return result;
}
