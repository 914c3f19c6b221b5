/** CEL types of schema nodes: what an expression may read of a value, and how the value gets there. */
import type { Environment } from '@marcbachmann/cel-js';
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';
import { parseDurationNanos } from '../formats.ts';
import { valueSchema } from '../structural.ts';
import type { StructuralSchema } from '../structural.ts';
import { escapeProperty, isReserved } from './escape.ts';
import { ObjectValue, addLists, valuesEqual } from './value.ts';
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
    return { name: 'dyn', convert: (value) => (typeof value === 'number' ? BigInt(Math.trunc(value)) : value) };
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
      return { name: 'bool', convert: (value) => value };
    case 'number':
      return { name: 'double', convert: (value) => value };
    case 'integer':
      return { name: 'int', convert: (value) => (typeof value === 'number' ? BigInt(Math.trunc(value)) : value) };
    default:
      return undefined;
  }
}

function declareString(format: string | undefined, context: DeclareContext): Declared {
  switch (format) {
    case 'byte':
      return { name: 'bytes', convert: (value) => (typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value) };
    case 'duration':
      return {
        name: 'google.protobuf.Duration',
        convert: (value) => (typeof value === 'string' ? context.makeDuration(parseDurationNanos(value) ?? 0n) : value),
      };
    case 'date':
    case 'date-time':
      return { name: 'google.protobuf.Timestamp', convert: (value) => (typeof value === 'string' ? new Date(value) : value) };
    default:
      return { name: 'string', convert: (value) => value };
  }
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
      if (!Array.isArray(value)) return value;
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
      if (!isJsonObject(value)) return value;
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
  return { name, fields, convert: (value: Json) => (isJsonObject(value) ? new ctor(value) : value) };
}

/** Equality of objects, which CEL does not know of, and of lists and maps of them, which it would compare in order. */
function declareOperators(name: string, context: DeclareContext): void {
  if (context.operators.has(name)) return;
  context.operators.add(name);
  const { env, origin } = context;
  env.registerOperator(`${name} == ${name}`, (a: unknown, b: unknown) => valuesEqual(a, b, origin));
  if (name.startsWith('list<')) {
    env.registerOperator(`${name} + ${name}`, (a: readonly unknown[], b: readonly unknown[]) => addLists(a, b, origin));
  }
}
