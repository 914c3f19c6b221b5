/** Lists of type set hold no value twice, lists of type map no combination of keys twice. */
import { duplicate, invalid } from '../field-error.ts';
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../object.ts';
import type { Json, JsonObject } from '../object.ts';
import { goJson } from './go-format.ts';
import { ROOT_PATH, childPath, indexPath, keyPath } from './path.ts';
import { propertySchema, valueSchema } from './structural.ts';
import type { StructuralSchema } from './structural.ts';

/** Every second occurrence in the sets and maps of `value`. */
export function validateListTypes(value: Json, schema: StructuralSchema, path = ROOT_PATH): FieldError[] {
  const errors: FieldError[] = [];
  walk(value, schema, path, errors);
  return errors;
}

function walk(value: Json, schema: StructuralSchema | undefined, path: string, errors: FieldError[]): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    if (schema['x-kubernetes-list-type'] === 'set') {
      for (const i of repeated(value)) errors.push(duplicate(indexPath(path, i), value[i]));
    } else if (schema['x-kubernetes-list-type'] === 'map') {
      checkMap(value, schema['x-kubernetes-list-map-keys'] ?? [], path, errors);
    }
    if (schema.items !== undefined) for (const [i, item] of value.entries()) walk(item, schema.items, indexPath(path, i), errors);
  } else if (isJsonObject(value)) {
    const values = valueSchema(schema);
    for (const key of Object.keys(value)) {
      if (values !== undefined) walk(value[key] ?? null, values, keyPath(path, key), errors);
      walk(value[key] ?? null, propertySchema(schema, key), childPath(path, key), errors);
    }
  }
}

/** The places of values that were there before; each repeated value is named once. */
function repeated(values: readonly Json[]): number[] {
  const times = new Map<string, number>();
  const places: number[] = [];
  for (const [i, value] of values.entries()) {
    const key = goJson(value);
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    if (before === 1) places.push(i);
  }
  return places;
}

function checkMap(items: readonly Json[], keys: readonly string[], path: string, errors: FieldError[]): void {
  for (const [i, item] of items.entries()) {
    if (item !== null && !isJsonObject(item)) {
      errors.push(invalid(indexPath(path, i), item, 'must be an object for an array of list-type map'));
      return;
    }
  }
  const chosen = items.map((item) => {
    const picked: JsonObject = {};
    for (const key of keys) if (isJsonObject(item) && Object.hasOwn(item, key)) picked[key] = item[key] ?? null;
    return picked;
  });
  for (const i of repeated(chosen)) errors.push(duplicate(indexPath(path, i), chosen[i]));
}
