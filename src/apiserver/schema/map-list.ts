/** Lists with x-kubernetes-list-type: map, whose elements are found again by their keys after an update. */
import { isJsonObject } from '../object.ts';
import type { Json } from '../object.ts';
import type { StructuralSchema } from './structural.ts';

/** Finds the element of `items` with the keys of another element. The first of several with the same keys counts. */
export type MapList = (element: Json) => Json | undefined;

const NOTHING: MapList = () => undefined;

/** An index over `items`; finds nothing where the schema is not a map list. */
export function indexMapList(schema: StructuralSchema | undefined, items: readonly Json[]): MapList {
  const keys = schema?.['x-kubernetes-list-map-keys'] ?? [];
  if (schema?.type !== 'array' || schema['x-kubernetes-list-type'] !== 'map' || keys.length === 0 || items.length === 0) return NOTHING;
  let index: Map<string, Json> | undefined;
  return (element) => {
    if (index === undefined) {
      index = new Map();
      for (const item of items) {
        const key = compositeKey(item, keys);
        if (key !== undefined && !index.has(key)) index.set(key, item);
      }
    }
    const key = compositeKey(element, keys);
    return key === undefined ? undefined : index.get(key);
  };
}

/** The keys' values as one text; undefined where one is missing or no scalar. */
function compositeKey(element: Json, keys: readonly string[]): string | undefined {
  if (!isJsonObject(element)) return undefined;
  const values: Json[] = [];
  for (const key of keys) {
    const value = Object.hasOwn(element, key) ? element[key] : undefined;
    if (value === undefined || value === null || typeof value === 'object') return undefined;
    values.push(value);
  }
  return JSON.stringify(values);
}
