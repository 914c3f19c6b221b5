/**
 * Defaulting: fields that are missing get the schema's default, at every depth. A null where the schema
 * does not allow null counts as missing: it is dropped first, or gives way to the default.
 */
import { isJsonObject } from '../object.ts';
import type { Json } from '../object.ts';
import { setOwn } from './own.ts';
import { propertySchema, valueSchema } from './structural.ts';
import type { StructuralSchema } from './structural.ts';

/** Drops nulls that are neither allowed nor defaulted, then fills in defaults; both in place. */
export function applyDefaults(value: Json, schema: StructuralSchema): void {
  pruneNulls(value, schema);
  fill(value, schema);
}

/** Drops, in place, nulls under keys whose schema neither allows null nor has a default. Elements of lists stay. */
function pruneNulls(value: Json, schema: StructuralSchema | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) pruneNulls(item, schema?.items);
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      const child = schema === undefined ? undefined : (propertySchema(schema, key) ?? valueSchema(schema));
      const item = value[key] ?? null;
      if (refusesNull(item, child) && child?.default === undefined) Reflect.deleteProperty(value, key);
      else pruneNulls(item, child);
    }
  }
}

function fill(value: Json, schema: StructuralSchema | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      if (refusesNull(item, schema.items)) value[i] = copyDefault(schema.items);
      fill(value[i] ?? null, schema.items);
    }
  } else if (isJsonObject(value)) {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (property.default === undefined || property.default === null) continue;
      if (!Object.hasOwn(value, key) || refusesNull(value[key] ?? null, property)) setOwn(value, key, copyDefault(property));
    }
    for (const key of Object.keys(value)) {
      const property = propertySchema(schema, key);
      const child = property ?? valueSchema(schema);
      if (property === undefined && refusesNull(value[key] ?? null, child)) setOwn(value, key, copyDefault(child));
      fill(value[key] ?? null, child);
    }
  }
}

function refusesNull(value: Json, schema: StructuralSchema | undefined): boolean {
  return value === null && schema !== undefined && schema.nullable !== true;
}

function copyDefault(schema: StructuralSchema | undefined): Json {
  return schema?.default === undefined ? null : structuredClone(schema.default);
}
