/**
 * Brings the JSON of a built-in object into the form it would have after a trip through its Go type: unknown fields go, nulls
 * and optional zero values count as unset, fields that are always written appear, and a value of a wrong type is refused.
 */
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import { badRequest } from '../status.ts';
import { goQuote } from '../schema/go-format.ts';
import { emptyValue } from './type-builders.ts';
import type { TypeSchema } from './type-schema.ts';

interface Place {
  /** As strict decoding errors name it: `spec.taints[0].key`. */
  readonly path: string;
  /** As Go's decoder names it: without indexes. */
  readonly goPath: string;
  /** The Go struct that the value is a field of. */
  readonly struct: string;
  /** False below types that decode themselves: strict decoding does not look there. */
  readonly strict: boolean;
}

class WrongType extends Error {}

/**
 * Normalizes `object` in place and returns the paths of the unknown fields it dropped.
 * Throws StatusError 400 when a value has not its schema's type.
 */
export function decodeBuiltin(object: KubeObject, schema: TypeSchema): string[] {
  const unknown: string[] = [];
  const [version, kind] = [object.apiVersion, object.kind];
  try {
    normalizeObject(object, schema, { path: '', goPath: '', struct: kind, strict: true }, unknown);
  } catch (error) {
    if (!(error instanceof WrongType)) throw error;
    throw badRequest(`${kind} in version ${goQuote(version)} cannot be handled as a ${kind}: ${error.message}`, { cause: error });
  }
  return unknown;
}

/** An object of which nothing was sent: the fields that are always there. */
export function emptyObject(schema: TypeSchema): JsonObject {
  const object: JsonObject = {};
  normalizeObject(object, schema, { path: '', goPath: '', struct: '', strict: false }, []);
  return object;
}

const describe = (value: Json): string => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'object') return 'object';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

/** `v1.NodeSpec` of `io.k8s.api.core.v1.NodeSpec`. */
const goName = (definition: string): string => definition.split('.').slice(-2).join('.');

function goType(schema: TypeSchema): string {
  if (schema.type === 'array') return `[]${schema.items === undefined ? 'interface {}' : goType(schema.items)}`;
  if (schema.definition !== undefined) return goName(schema.definition);
  if (typeof schema.additionalProperties === 'object') return `map[string]${goType(schema.additionalProperties)}`;
  if (schema.type === 'boolean') return 'bool';
  return schema.type === 'integer' || schema.type === 'number' ? (schema.format ?? 'int64').replace('double', 'float64') : 'string';
}

function wrongType(value: Json, schema: TypeSchema, place: Place): WrongType {
  return new WrongType(
    `json: cannot unmarshal ${describe(value)} into Go struct field ${place.struct}.${place.goPath} of type ${goType(schema)}`,
  );
}

const decodesItself = (schema: TypeSchema): boolean => /OrBool$|OrArray$/.test(schema.definition ?? '');
const isFree = (schema: TypeSchema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true && schema.properties === undefined;

function normalizeObject(object: JsonObject, schema: TypeSchema, place: Place, unknown: string[]): void {
  const struct = schema.definition === undefined ? place.struct : (goName(schema.definition).split('.')[1] ?? place.struct);
  for (const [key, value] of Object.entries(object)) {
    const path = place.path === '' ? key : `${place.path}.${key}`;
    const field = schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    if (field === undefined) {
      if (place.strict) unknown.push(path);
      Reflect.deleteProperty(object, key);
      continue;
    }
    const strict = place.strict && !decodesItself(field);
    const goPath = place.goPath === '' ? key : `${place.goPath}.${key}`;
    const kept = normalizeValue(value, field, { path, goPath, struct, strict }, unknown);
    if (kept === undefined) Reflect.deleteProperty(object, key);
    else object[key] = kept;
  }
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (field.always !== true || Object.hasOwn(object, key)) continue;
    const empty = emptyValue(field);
    if (isJsonObject(empty)) normalizeObject(empty, field, place, unknown);
    object[key] = empty;
  }
}

/** The value as it is kept; undefined when it counts as unset. */
function normalizeValue(value: Json, schema: TypeSchema, place: Place, unknown: string[]): Json | undefined {
  if (isFree(schema)) return value;
  if (value === null) return schema.always === true && schema.nullable === true ? null : undefined;
  if (decodesItself(schema) && typeof value === 'boolean') return value;
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value !== 'string' && typeof value !== 'number') throw wrongType(value, schema, place);
    return String(value);
  }
  switch (schema.type) {
    case 'array':
      return normalizeList(value, schema, place, unknown);
    case 'object':
      if (!isJsonObject(value)) throw wrongType(value, schema, place);
      if (typeof schema.additionalProperties === 'object') return normalizeMap(value, schema, schema.additionalProperties, place, unknown);
      normalizeObject(value, schema, place, unknown);
      return value;
    default:
      return normalizeScalar(value, schema, place);
  }
}

function normalizeList(value: Json, schema: TypeSchema, place: Place, unknown: string[]): Json | undefined {
  if (!Array.isArray(value)) throw wrongType(value, schema, place);
  if (value.length === 0 && schema.always !== true && schema.keepZero !== true) return undefined;
  const items = schema.items ?? {};
  return value.map((item, index) => {
    const kept = normalizeValue(item, items, { ...place, path: `${place.path}[${index}]` }, unknown);
    return kept ?? (item === null ? emptyValue(items) : item);
  });
}

function normalizeMap(value: JsonObject, schema: TypeSchema, values: TypeSchema, place: Place, unknown: string[]): Json | undefined {
  const entries = Object.entries(value);
  if (entries.length === 0 && schema.always !== true) return undefined;
  for (const [key, item] of entries) {
    const kept = normalizeValue(item, values, { ...place, path: `${place.path}.${key}` }, unknown);
    value[key] = kept ?? (item === null ? emptyValue(values) : item);
  }
  return value;
}

function normalizeScalar(value: Json, schema: TypeSchema, place: Place): Json | undefined {
  const wanted = schema.type === 'integer' ? 'number' : schema.type;
  if (typeof value !== wanted) throw wrongType(value, schema, place);
  if (schema.type === 'integer' && !Number.isInteger(value)) {
    throw new WrongType(
      `json: cannot unmarshal number ${JSON.stringify(value)} into Go struct field ${place.struct}.${place.goPath} of type ${goType(schema)}`,
    );
  }
  if (schema.format === 'date-time') return normalizeTime(value as string, schema);
  const zero = value === '' || value === 0 || value === false;
  return zero && schema.keepZero !== true && schema.always !== true ? undefined : value;
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Times are written in UTC: Time with whole seconds, MicroTime with six digits of a second. */
function normalizeTime(value: string, schema: TypeSchema): Json | undefined {
  const micro = schema.definition?.endsWith('.MicroTime') === true;
  const milliseconds = Date.parse(value);
  if (!RFC3339.test(value) || Number.isNaN(milliseconds)) {
    const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
    throw new WrongType(`parsing time ${goQuote(value)} as ${goQuote(layout)}: cannot parse ${goQuote(value)} as "2006"`);
  }
  const seconds = new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().slice(0, 19);
  if (!micro) return `${seconds}Z`;
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? '';
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}
