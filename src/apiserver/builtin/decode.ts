/**
 * Brings the JSON of a built-in object into the form it would have after a trip through its Go type: unknown fields go, nulls
 * and optional zero values count as unset, fields that are always written appear, and a value of a wrong type is refused.
 */
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import { badRequest, type StatusError } from '../status.ts';
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

/** A value that its Go type refuses to be read from: nothing after it is looked at. */
class Unreadable extends Error {}

interface Findings {
  readonly unknown: string[];
  /** The first value of a wrong type: Go goes on after one, so that a later Unreadable wins. */
  wrongType?: string;
}

/**
 * Normalizes `object` in place and returns the paths of the unknown fields it dropped.
 * Throws StatusError 400 when a value has not its schema's type.
 */
export function decodeBuiltin(object: KubeObject, schema: TypeSchema): string[] {
  const { apiVersion, kind } = object;
  const findings: Findings = { unknown: [] };
  const refuse = (message: string, cause?: Error): StatusError =>
    badRequest(`${kind} in version ${goQuote(apiVersion.split('/').at(-1) ?? '')} cannot be handled as a ${kind}: ${message}`, { cause });
  try {
    normalizeObject(object, schema, { path: '', goPath: '', struct: kind, strict: true }, findings);
  } catch (error) {
    throw error instanceof Unreadable ? refuse(error.message, error) : error;
  }
  if (findings.wrongType !== undefined) throw refuse(findings.wrongType);
  return findings.unknown;
}

/** An object of which nothing was sent: the fields that are always there. */
export function emptyObject(schema: TypeSchema): JsonObject {
  const object: JsonObject = {};
  normalizeObject(object, schema, { path: '', goPath: '', struct: '', strict: false }, { unknown: [] });
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
  if (schema.goType !== undefined) return schema.goType;
  if (schema.type === 'array') return `[]${schema.items === undefined ? 'interface {}' : goType(schema.items)}`;
  if (schema.definition !== undefined) return goName(schema.definition);
  if (typeof schema.additionalProperties === 'object') return `map[string]${goType(schema.additionalProperties)}`;
  if (schema.type === 'boolean') return 'bool';
  return schema.type === 'integer' || schema.type === 'number' ? (schema.format ?? 'int64').replace('double', 'float64') : 'string';
}

/** Notes that `value` is not of its schema's type; it counts as unset. */
function wrongType(value: Json, schema: TypeSchema, place: Place, findings: Findings): Json | undefined {
  const what = typeof value === 'number' && schema.type === 'integer' ? `number ${JSON.stringify(value)}` : describe(value);
  findings.wrongType ??= `json: cannot unmarshal ${what} into Go struct field ${place.struct}.${place.goPath} of type ${goType(schema)}`;
  return undefined;
}

const decodesItself = (schema: TypeSchema): boolean => /OrBool$|OrArray$/.test(schema.definition ?? '');
const isFree = (schema: TypeSchema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true && schema.properties === undefined;

function normalizeObject(object: JsonObject, schema: TypeSchema, place: Place, findings: Findings): void {
  const struct = schema.definition === undefined ? place.struct : (goName(schema.definition).split('.')[1] ?? place.struct);
  for (const [key, value] of Object.entries(object)) {
    const path = place.path === '' ? key : `${place.path}.${key}`;
    const field = schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    if (field === undefined) {
      if (place.strict) findings.unknown.push(path);
      Reflect.deleteProperty(object, key);
      continue;
    }
    const strict = place.strict && !decodesItself(field);
    const goPath = place.goPath === '' ? key : `${place.goPath}.${key}`;
    const kept = normalizeValue(value, field, { path, goPath, struct, strict }, findings);
    if (kept === undefined) Reflect.deleteProperty(object, key);
    else object[key] = kept;
  }
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (field.always !== true || Object.hasOwn(object, key)) continue;
    const empty = emptyValue(field);
    if (isJsonObject(empty)) normalizeObject(empty, field, place, findings);
    object[key] = empty;
  }
}

/** The value as it is kept; undefined when it counts as unset. */
function normalizeValue(value: Json, schema: TypeSchema, place: Place, findings: Findings): Json | undefined {
  if (isFree(schema)) return value;
  if (value === null) return schema.always === true && schema.nullable === true ? null : undefined;
  if (decodesItself(schema) && typeof value === 'boolean') return value;
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value !== 'string' && typeof value !== 'number') return wrongType(value, schema, place, findings);
    return normalizeQuantity(String(value));
  }
  switch (schema.type) {
    case 'array':
      return normalizeList(value, schema, place, findings);
    case 'object':
      if (!isJsonObject(value)) return wrongType(value, schema, place, findings);
      if (typeof schema.additionalProperties === 'object') return normalizeMap(value, schema, schema.additionalProperties, place, findings);
      normalizeObject(value, schema, place, findings);
      return value;
    default:
      return normalizeScalar(value, schema, place, findings);
  }
}

function normalizeList(value: Json, schema: TypeSchema, place: Place, findings: Findings): Json | undefined {
  if (!Array.isArray(value)) return wrongType(value, schema, place, findings);
  if (value.length === 0 && schema.always !== true && schema.keepZero !== true) return undefined;
  const items = schema.items ?? {};
  return value.map((item, index) => {
    const kept = normalizeValue(item, items, { ...place, path: `${place.path}[${index}]` }, findings);
    return kept ?? (item === null ? emptyValue(items) : item);
  });
}

function normalizeMap(value: JsonObject, schema: TypeSchema, values: TypeSchema, place: Place, findings: Findings): Json | undefined {
  const entries = Object.entries(value);
  if (entries.length === 0 && schema.always !== true) return undefined;
  for (const [key, item] of entries) {
    const kept = normalizeValue(item, values, { ...place, path: `${place.path}.${key}` }, findings);
    value[key] = kept ?? (item === null ? emptyValue(values) : item);
  }
  return value;
}

function normalizeScalar(value: Json, schema: TypeSchema, place: Place, findings: Findings): Json | undefined {
  const wanted = schema.type === 'integer' ? 'number' : schema.type;
  if (typeof value !== wanted) return wrongType(value, schema, place, findings);
  if (schema.type === 'integer' && !Number.isInteger(value)) return wrongType(value, schema, place, findings);
  if (schema.format === 'date-time') return normalizeTime(value as string, schema);
  const zero = value === '' || value === 0 || value === false;
  return zero && schema.keepZero !== true && schema.always !== true ? undefined : value;
}

const QUANTITY = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/** Quantities are the only values that may be a number or a text. */
function normalizeQuantity(value: string): string {
  if (value === '' || !QUANTITY.test(value)) {
    throw new Unreadable("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  return value;
}

const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Times are written in UTC. A MicroTime has six digits of a second, a Time none: what is sent of them is cut off. */
function normalizeTime(value: string, schema: TypeSchema): Json {
  const micro = schema.definition?.endsWith('.MicroTime') === true;
  const rest = value.replace(SECONDS, '');
  const zone = rest.replace(micro ? /^\.\d{6}/ : /^\.\d+/, '');
  const milliseconds = Date.parse(value);
  const problem =
    rest === value || Number.isNaN(milliseconds)
      ? [value, '2006']
      : micro && zone === rest
        ? [rest, '.000000']
        : /^(Z|[+-]\d\d:\d\d)$/.test(zone)
          ? undefined
          : [zone, 'Z07:00'];
  if (problem !== undefined) {
    const layout = `2006-01-02T15:04:05${micro ? '.000000' : ''}Z07:00`;
    const [found = '', wanted = ''] = problem;
    throw new Unreadable(`parsing time ${goQuote(value)} as ${goQuote(layout)}: cannot parse ${goQuote(found)} as ${goQuote(wanted)}`);
  }
  const seconds = new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().slice(0, 19);
  return `${seconds}${micro ? rest.slice(0, 7) : ''}Z`;
}
