/**
 * How a value merges by its schema: a scalar is one field; a list is one field (atomic) or a field an item (associative: told
 * apart by keys, or by value for a set); a map is one field (atomic) or a field a key. Where the schema knows nothing, the
 * value decides: an object merges by key, a list is atomic.
 */
import { objectMetaSchema } from '../builtin/meta-schema.ts';
import { quantitySchema } from '../builtin/node-schema.ts';
import type { TypeSchema } from '../builtin/type-schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { keyElement, valueElement, type PathElement } from './path-element.ts';

/** A place in the schema; `schema` is missing where the schema knows nothing. */
export interface TypeRef {
  readonly schema?: TypeSchema;
  /** Whether unknown fields are kept from here on down. */
  readonly preserve: boolean;
}

export interface ScalarAtom {
  readonly kind: 'scalar';
  readonly type: string;
}
export interface ListAtom {
  readonly kind: 'list';
  readonly associative: boolean;
  readonly keys: readonly string[];
  readonly items: TypeRef;
}
export interface MapAtom {
  readonly kind: 'map';
  readonly atomic: boolean;
  readonly ref: TypeRef;
}
export type Atom = ScalarAtom | ListAtom | MapAtom;

/** A field below a map: its type, and whether the schema names it (a key of a free map it does not name). */
export interface Field {
  readonly ref: TypeRef;
  readonly named: boolean;
}

const unknown: TypeRef = { preserve: true };
const textSchema: TypeSchema = { type: 'string' };

/** The type of a whole object: `schema` with the metadata that every object has. */
export function rootRef(schema: TypeSchema): TypeRef {
  return { schema: withMetadata(schema), preserve: schema['x-kubernetes-preserve-unknown-fields'] === true };
}

function withMetadata(schema: TypeSchema): TypeSchema {
  return { ...schema, properties: { ...schema.properties, apiVersion: textSchema, kind: textSchema, metadata: objectMetaSchema } };
}

/** How `value` merges at `ref`. null fits every type. */
export function resolve(ref: TypeRef, value: Json | undefined): Atom {
  const schema = ref.schema;
  switch (schema?.type) {
    case 'object':
      return mapAtom(ref, schema);
    case 'array':
      return listAtom(ref, schema);
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return { kind: 'scalar', type: schema.type };
    default:
      if (schema?.definition === quantitySchema.definition) return { kind: 'scalar', type: 'untyped' };
      if (Array.isArray(value)) return schema === undefined ? { ...listAtom(ref, {}), associative: false } : listAtom(ref, schema);
      if (value === undefined || value === null || isJsonObject(value)) return mapAtom(ref, schema ?? {});
      return { kind: 'scalar', type: 'untyped' };
  }
}

function mapAtom(ref: TypeRef, schema: TypeSchema): MapAtom {
  return { kind: 'map', atomic: schema['x-kubernetes-map-type'] === 'atomic', ref };
}

function listAtom(ref: TypeRef, schema: TypeSchema): ListAtom {
  const type = schema['x-kubernetes-list-type'];
  return {
    kind: 'list',
    associative: type === 'set' || type === 'map',
    keys: type === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [],
    items: schema.items === undefined ? unknown : descend(ref, schema.items),
  };
}

function descend(ref: TypeRef, schema: TypeSchema): TypeRef {
  const preserve = ref.preserve || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return { schema: schema['x-kubernetes-embedded-resource'] === true ? withMetadata(schema) : schema, preserve };
}

/** The field `name` below `ref`; undefined when the schema does not allow it. */
export function fieldOf(ref: TypeRef, name: string): Field | undefined {
  const schema = ref.schema;
  if (schema === undefined) return { ref: unknown, named: false };
  const property = schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  if (property !== undefined) return { ref: descend(ref, property), named: true };
  const additional = schema.additionalProperties;
  if (typeof additional === 'object') return { ref: descend(ref, additional), named: false };
  if (additional === true) return { ref: unknown, named: false };
  if (additional === false) return undefined;
  const free = ref.preserve || Object.keys(schema.properties ?? {}).length === 0;
  return free ? { ref: unknown, named: false } : undefined;
}

/** As fieldOf; what the schema does not allow is judged by its value. */
export function fieldOrUnknown(ref: TypeRef, name: string): Field {
  return fieldOf(ref, name) ?? { ref: unknown, named: false };
}

/** A list item that cannot be told apart from others. */
export class UnkeyedItem extends Error {}

/** The path element of an item of an associative list. Throws UnkeyedItem when it has none. */
export function itemElement(list: ListAtom, item: Json): PathElement {
  if (list.keys.length > 0) return keyedElement(list, item);
  if (item === null) throw new UnkeyedItem("associative list without keys has an element that's an explicit null");
  if (Array.isArray(item)) throw new UnkeyedItem('not supported: associative list with lists as elements');
  if (typeof item === 'object') throw new UnkeyedItem("associative list without keys has an element that's a map type");
  return valueElement(item);
}

function keyedElement(list: ListAtom, item: Json): PathElement {
  if (item === null) throw new UnkeyedItem('associative list with keys may not have a null element');
  if (!isJsonObject(item)) throw new UnkeyedItem('associative list with keys may not have non-map elements');
  const keys: JsonObject = {};
  for (const key of list.keys) {
    const fallback = fieldOrUnknown(list.items, key).ref.schema?.default;
    const value = Object.hasOwn(item, key) ? item[key] : fallback;
    if (value !== undefined) keys[key] = value;
  }
  if (Object.keys(keys).length === 0) {
    const names = list.keys.map((key) => JSON.stringify(key)).join(' ');
    throw new UnkeyedItem(
      `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(keys);
}
