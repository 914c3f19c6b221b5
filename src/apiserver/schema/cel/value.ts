/**
 * JSON values as CEL sees them through their schema: whole numbers are bigint (CEL int), other numbers double,
 * objects are ObjectValues of a class per schema node, maps are Maps, date-times are Dates.
 * Fields are converted when they are first read.
 */
import type { Json, JsonObject } from '../../object.ts';
import { jsonEqual } from '../equality.ts';
import { isInt64 } from '../numbers.ts';

/** Turns a JSON value into what CEL computes with. */
export type Convert = (value: Json) => unknown;

/**
 * A value of another type than its schema's, which only a value older than the schema can be. Reading it fails as
 * it does in the server; `wanted` completes "invalid data, expected ".
 */
export function mismatch(wanted: string, value: Json): never {
  throw new Error(`invalid data, expected ${wanted}`.replace('%T', goTypeOf(value)));
}

function goTypeOf(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return isInt64(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** The fields of an object type, by their escaped names. */
export type FieldConverters = ReadonlyMap<string, { readonly property: string; readonly convert: Convert }>;

/** How a list compares and adds up: sets and maps ignore order. */
export interface ListTraits {
  readonly kind: 'set' | 'map';
  readonly keys: readonly string[];
}

/** A JSON object whose schema lists its properties; only these can be read. Each schema node has a subclass. */
export abstract class ObjectValue extends Map<string, unknown> {
  readonly json: JsonObject;
  private readonly fields: FieldConverters;

  constructor(json: JsonObject, fields: FieldConverters) {
    super();
    this.json = json;
    this.fields = fields;
  }

  override get(name: string): unknown {
    const known = super.get(name);
    if (known !== undefined) return known;
    const field = this.fields.get(name);
    const json = field !== undefined && Object.hasOwn(this.json, field.property) ? this.json[field.property] : undefined;
    if (field === undefined || json === undefined || json === null) return undefined;
    const value = field.convert(json);
    super.set(name, value);
    return value;
  }

  /** The CEL names of the properties that have one. */
  fieldNames(): ReadonlyMap<string, string> {
    return new Map(Array.from(this.fields, ([name, { property }]) => [property, name]));
  }
}

export type ObjectValueClass = new (json: JsonObject) => ObjectValue;

/** Which JSON a list or map was made of, and its traits; CEL's own lists and maps have none. */
export class Provenance {
  private readonly lists = new WeakMap<object, ListTraits>();

  mark(list: readonly unknown[], traits: ListTraits): void {
    this.lists.set(list, traits);
  }

  traits(list: unknown): ListTraits | undefined {
    return typeof list === 'object' && list !== null ? this.lists.get(list) : undefined;
  }
}

/** Whether two CEL values are equal, as Kubernetes has it: sets and map lists in any order. */
export function valuesEqual(a: unknown, b: unknown, origin: Provenance): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a === 'bigint' || typeof a === 'number') return (typeof b === 'bigint' || typeof b === 'number') && Number(a) === Number(b);
  if (Array.isArray(a)) return Array.isArray(b) && listsEqual(a, b, origin);
  if (a instanceof ObjectValue) return b instanceof ObjectValue && objectsEqual(a, b, origin);
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    for (const [key, value] of a) if (!b.has(key) || !valuesEqual(value, b.get(key), origin)) return false;
    return true;
  }
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  return isDuration(a) && isDuration(b) && a.seconds === b.seconds && a.nanos === b.nanos;
}

function isDuration(value: unknown): value is { readonly seconds: bigint; readonly nanos: number } {
  return typeof value === 'object' && value !== null && 'seconds' in value && 'nanos' in value;
}

function objectsEqual(a: ObjectValue, b: ObjectValue, origin: Provenance): boolean {
  const keys = Object.keys(a.json);
  if (keys.length !== Object.keys(b.json).length) return false;
  const names = a.fieldNames();
  return keys.every((key) => {
    if (!Object.hasOwn(b.json, key)) return false;
    const name = names.get(key);
    return name === undefined ? jsonEqual(a.json[key], b.json[key]) : valuesEqual(a.get(name), b.get(name), origin);
  });
}

function listsEqual(a: readonly unknown[], b: readonly unknown[], origin: Provenance): boolean {
  if (a.length !== b.length) return false;
  const traits = origin.traits(a) ?? origin.traits(b);
  if (traits === undefined) return a.every((item, i) => valuesEqual(item, b[i], origin));
  return a.every((item) => b.some((other) => valuesEqual(item, other, origin)));
}

/** `a + b`: of sets the union, of map lists the merge by key, of others one after the other. */
export function addLists(a: readonly unknown[], b: readonly unknown[], origin: Provenance): unknown[] {
  const traits = origin.traits(a);
  if (traits === undefined) return [...a, ...b];
  const sum = [...a];
  for (const item of b) {
    const same = sum.findIndex((known) =>
      traits.kind === 'set' ? valuesEqual(known, item, origin) : sameKeys(known, item, traits.keys, origin),
    );
    if (same < 0) sum.push(item);
    else if (traits.kind === 'map') sum[same] = item;
  }
  origin.mark(sum, traits);
  return sum;
}

function sameKeys(a: unknown, b: unknown, keys: readonly string[], origin: Provenance): boolean {
  return a instanceof Map && b instanceof Map && keys.every((key) => valuesEqual(a.get(key), b.get(key), origin));
}
