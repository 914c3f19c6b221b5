/** CEL types of schema nodes: what an expression may read of a value, and how the value gets there. */
import type { Environment } from '@marcbachmann/cel-js';
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';
import { parseDurationNanos } from '../formats.ts';
import { goQuote } from '../go-format.ts';
import { isInt64 } from '../numbers.ts';
import { valueSchema } from '../structural.ts';
import type { StructuralSchema } from '../structural.ts';
import { escapeProperty, isReserved } from './escape.ts';
import { ObjectValue, addLists, mismatch, valuesEqual } from './value.ts';
import type { Convert, ListTraits, ObjectValueClass, Provenance } from './value.ts';

/** The CEL type of a schema node. */
export interface Declared {
  /** The name the environment knows it by: `int`, `list<string>`, `object3`. */
  readonly name: string;
  readonly convert: Convert;
  /** What can be read of it: fields of an object, elements of a list, values of a map. */
  readonly fields?: ReadonlyMap<string, Declared>;
  readonly element?: Declared;
}

/** What declaring types needs: the environment they are told to, and a way to make durations, whose class is not exported. */
export interface DeclareContext {
  readonly env: Environment;
  readonly origin: Provenance;
  readonly makeDuration: (nanos: bigint) => unknown;
  /** Lists and maps whose operators the environment knows already. */
  readonly operators: Set<string>;
  objects: number;
}

const STRING_SCHEMA: StructuralSchema = { type: 'string' };
const META_SCHEMA: StructuralSchema = { type: 'object', properties: { name: STRING_SCHEMA, generateName: STRING_SCHEMA } };

/**
 * The type of a schema node; undefined for one CEL cannot see (no type, or a list of such).
 * null is no value of it: a field that is null counts as missing.
 */
export function declareType(schema: StructuralSchema, isResourceRoot: boolean, context: DeclareContext): Declared | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return { name: 'dyn', convert: convertIntOrString };
  }
  switch (schema.type) {
    case 'array':
      return schema.items === undefined ? undefined : declareList(schema, schema.items, context);
    case 'object': {
      const values = valueSchema(schema);
      return values === undefined ? declareObject(schema, isResourceRoot, context) : declareMap(values, context);
    }
    case 'string':
      return declareString(schema.format, context);
    case 'boolean':
      return { name: 'bool', convert: (value) => (typeof value === 'boolean' ? value : mismatch('bool, got %T', value)) };
    case 'number':
      return { name: 'double', convert: (value) => (typeof value === 'number' ? value : mismatch('float, got %T', value)) };
    case 'integer':
      return {
        name: 'int',
        convert: (value) => (typeof value === 'number' && isInt64(value) ? BigInt(value) : mismatch('int, got %T', value)),
      };
    default:
      return undefined;
  }
}

function convertIntOrString(value: Json): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && isInt64(value)) return BigInt(value);
  return mismatch('XIntOrString value to be either a string or integer', value);
}

function declareString(format: string | undefined, context: DeclareContext): Declared {
  const of = (name: string, read: (text: string) => unknown): Declared => ({
    name,
    convert: (value) => (typeof value === 'string' ? read(value) : mismatch('string, got %T', value)),
  });
  switch (format) {
    case 'byte':
      return of('bytes', (text) => new Uint8Array(Buffer.from(text, 'base64')));
    case 'duration':
      return of('google.protobuf.Duration', (text) => {
        const nanos = parseDurationNanos(text);
        if (nanos === undefined) throw new Error(`Invalid duration ${text}: unable to parse ${text} as duration`);
        return context.makeDuration(nanos);
      });
    case 'date':
    case 'date-time':
      return of('google.protobuf.Timestamp', (text) => readTime(text, format));
    default:
      return of('string', (text) => text);
  }
}

function readTime(text: string, format: string): Date {
  // Go reads an empty time as the beginning of the epoch.
  const time = new Date(text === '' && format === 'date-time' ? 0 : text);
  if (!Number.isNaN(time.getTime())) return time;
  const layout = format === 'date' ? '2006-01-02' : '2006-01-02T15:04:05';
  throw new Error(
    `Invalid ${format} formatted string ${text}: parsing time ${goQuote(text)} as "${layout}": cannot parse ${goQuote(text)} as "2006"`,
  );
}

function declareList(schema: StructuralSchema, items: StructuralSchema, context: DeclareContext): Declared | undefined {
  const found = declareType(items, items['x-kubernetes-embedded-resource'] === true, context);
  if (found === undefined) return undefined;
  // Only in a list can a null not be left out.
  const element: Declared =
    items.nullable === true ? { ...found, name: 'dyn', convert: (item) => (item === null ? null : found.convert(item)) } : found;
  const name = `list<${element.name}>`;
  const kind = schema['x-kubernetes-list-type'];
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => escapeProperty(key) ?? key);
  const traits: ListTraits | undefined = kind === 'set' || kind === 'map' ? { kind, keys } : undefined;
  declareOperators(name, context);
  return {
    name,
    element,
    convert(value) {
      if (!Array.isArray(value)) return mismatch('an array for the provided schema with type=array', value);
      const list = value.map(element.convert);
      if (traits !== undefined) context.origin.mark(list, traits);
      return list;
    },
  };
}

function declareMap(values: StructuralSchema, context: DeclareContext): Declared | undefined {
  const element = declareType(values, values['x-kubernetes-embedded-resource'] === true, context);
  if (element === undefined) return undefined;
  const name = `map<string, ${element.name}>`;
  return {
    name,
    element,
    convert(value) {
      if (!isJsonObject(value)) return mismatch('a map for the provided schema with type=object', value);
      const map = new Map<string, unknown>();
      for (const [key, item] of Object.entries(value)) if (item !== null) map.set(key, element.convert(item));
      return map;
    },
  };
}

function declareObject(schema: StructuralSchema, isResourceRoot: boolean, context: DeclareContext): Declared {
  const properties: { [key: string]: StructuralSchema } = { ...schema.properties };
  if (isResourceRoot) Object.assign(properties, { apiVersion: STRING_SCHEMA, kind: STRING_SCHEMA, metadata: META_SCHEMA });
  const fields = new Map<string, Declared>();
  const converters = new Map<string, { property: string; convert: Convert }>();
  for (const [property, child] of Object.entries(properties)) {
    const escaped = escapeProperty(property);
    const declared = declareType(child, child['x-kubernetes-embedded-resource'] === true, context);
    if (escaped === undefined || declared === undefined) continue;
    for (const field of isReserved(property) ? [escaped, property] : [escaped]) {
      fields.set(field, declared);
      converters.set(field, { property, convert: declared.convert });
    }
  }
  const name = `object${String(++context.objects)}`;
  const ctor: ObjectValueClass = class extends ObjectValue {
    constructor(json: JsonObject) {
      super(json, converters);
    }
  };
  context.env.registerType(name, { ctor, fields: Object.fromEntries(Array.from(fields, ([field, { name: type }]) => [field, type])) });
  declareOperators(name, context);
  return {
    name,
    fields,
    convert: (value: Json) => (isJsonObject(value) ? new ctor(value) : mismatch('a map for the provided schema with type=object', value)),
  };
}

/** Equality of objects, which CEL does not know of, and of lists and maps of them, which it would compare in order. */
function declareOperators(name: string, context: DeclareContext): void {
  // cel-js cannot be told operators of types with a comma in their name; lists of maps keep to its own.
  if (context.operators.has(name) || name.includes(',')) return;
  context.operators.add(name);
  const { env, origin } = context;
  env.registerOperator(`${name} == ${name}`, (a: unknown, b: unknown) => valuesEqual(a, b, origin));
  if (name.startsWith('list<')) {
    env.registerOperator(`${name} + ${name}`, (a: readonly unknown[], b: readonly unknown[]) => addLists(a, b, origin));
  }
}
