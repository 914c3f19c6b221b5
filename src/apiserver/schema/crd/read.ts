/** Fields of a CRD's parts, read without trusting their types: decoding has refused the wrong ones, or will. */
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';

/** A text field; '' where it is missing. */
export function textOf(json: Json | undefined, field: string): string {
  const value = isJsonObject(json) && Object.hasOwn(json, field) ? json[field] : undefined;
  return typeof value === 'string' ? value : '';
}

/** A list field; empty where it is missing. */
export function listOf(json: Json | undefined, field: string): readonly Json[] {
  const value = isJsonObject(json) && Object.hasOwn(json, field) ? json[field] : undefined;
  return Array.isArray(value) ? value : [];
}

/** An object field; undefined where it is missing. */
export function objectOf(json: Json | undefined, field: string): JsonObject | undefined {
  const value = isJsonObject(json) && Object.hasOwn(json, field) ? json[field] : undefined;
  return isJsonObject(value) ? value : undefined;
}

/** The one schema of a list's elements. */
export function itemSchema(json: JsonObject): JsonObject | undefined {
  return objectOf(json, 'items');
}
