/**
 * Pruning: what a structural schema does not specify is dropped, and its path told, so that strict field validation
 * can refuse it. apiVersion, kind and metadata of a resource are left alone here; object-meta.ts knows their fields.
 */
import { isJsonObject } from '../object.ts';
import type { Json } from '../object.ts';
import { compareStrings } from './go-format.ts';
import { propertySchema, valueSchema } from './structural.ts';
import type { StructuralSchema } from './structural.ts';

const TYPE_AND_OBJECT_META = ['apiVersion', 'kind', 'metadata'];

/** Drops, in place, every field `schema` does not know; answers their paths, sorted. */
export function pruneUnknownFields(value: Json, schema: StructuralSchema, isResourceRoot: boolean): string[] {
  const dropped: string[] = [];
  prune(value, isResourceRoot ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema, '', dropped);
  return dropped.sort(compareStrings);
}

function prune(value: Json, schema: StructuralSchema | undefined, path: string, dropped: string[]): void {
  if (schema?.['x-kubernetes-preserve-unknown-fields'] === true) {
    descend(value, schema, path, dropped);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) prune(item, schema?.items, `${path}[${String(i)}]`, dropped);
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      if (schema?.['x-kubernetes-embedded-resource'] === true && TYPE_AND_OBJECT_META.includes(key)) continue;
      const keyPath = path === '' ? key : `${path}.${key}`;
      const child = schema === undefined ? 'unknown' : knownField(schema, key);
      if (child === 'unknown') {
        dropped.push(keyPath);
        Reflect.deleteProperty(value, key);
      } else {
        prune(value[key] ?? null, child, keyPath, dropped);
      }
    }
  }
}

/** Under x-kubernetes-preserve-unknown-fields nothing is dropped but inside what is specified. */
function descend(value: Json, schema: StructuralSchema | undefined, path: string, dropped: string[]): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) descend(item, schema.items, `${path}[${String(i)}]`, dropped);
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      if (schema['x-kubernetes-embedded-resource'] === true && TYPE_AND_OBJECT_META.includes(key)) continue;
      const child = knownField(schema, key);
      if (child !== 'unknown') prune(value[key] ?? null, child, path === '' ? key : `${path}.${key}`, dropped);
    }
  }
}

/** The schema of a field; undefined for a value under `additionalProperties: true`, whose own fields are unknown. */
function knownField(schema: StructuralSchema, key: string): StructuralSchema | undefined | 'unknown' {
  const property = propertySchema(schema, key);
  if (property !== undefined) return property;
  return schema.additionalProperties === undefined ? 'unknown' : valueSchema(schema);
}

/** Whether `object` has fields the schema does not know; leaves it alone. */
export function hasUnknownFields(object: Json, schema: StructuralSchema, isResourceRoot: boolean): boolean {
  return pruneUnknownFields(structuredClone(object), schema, isResourceRoot).length > 0;
}
