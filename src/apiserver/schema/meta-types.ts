/**
 * The fields of ObjectMeta and their types: metadata is decoded into a Go struct, so what does not fit is refused
 * with the decoder's words, and what it does not know is dropped and told.
 */
import { isJsonObject } from '../object.ts';
import type { Json, JsonObject } from '../object.ts';

type Shape =
  | { readonly go: 'string' | 'int64' | 'bool' | 'time' | 'any' }
  | { readonly go: 'map'; readonly of: Shape; readonly name: string }
  | { readonly go: 'list'; readonly of: Shape; readonly name: string }
  | { readonly go: 'struct'; readonly name: string; readonly fields: Readonly<Record<string, Shape>> };

const STRING: Shape = { go: 'string' };
const INT64: Shape = { go: 'int64' };
const BOOL: Shape = { go: 'bool' };
const TIME: Shape = { go: 'time' };
const STRING_MAP: Shape = { go: 'map', of: STRING, name: 'map[string]string' };

const OWNER_REFERENCE: Shape = {
  go: 'struct',
  name: 'OwnerReference',
  fields: { apiVersion: STRING, kind: STRING, name: STRING, uid: STRING, controller: BOOL, blockOwnerDeletion: BOOL },
};

const MANAGED_FIELDS_ENTRY: Shape = {
  go: 'struct',
  name: 'ManagedFieldsEntry',
  fields: {
    manager: STRING,
    operation: STRING,
    apiVersion: STRING,
    time: TIME,
    fieldsType: STRING,
    fieldsV1: { go: 'any' },
    subresource: STRING,
  },
};

const OBJECT_META: Shape = {
  go: 'struct',
  name: 'ObjectMeta',
  fields: {
    name: STRING,
    generateName: STRING,
    namespace: STRING,
    selfLink: STRING,
    uid: STRING,
    resourceVersion: STRING,
    generation: INT64,
    creationTimestamp: TIME,
    deletionTimestamp: TIME,
    deletionGracePeriodSeconds: INT64,
    labels: STRING_MAP,
    annotations: STRING_MAP,
    ownerReferences: { go: 'list', of: OWNER_REFERENCE, name: '[]v1.OwnerReference' },
    finalizers: { go: 'list', of: STRING, name: '[]string' },
    managedFields: { go: 'list', of: MANAGED_FIELDS_ENTRY, name: '[]v1.ManagedFieldsEntry' },
  },
};

/** Why `metadata` cannot be decoded, in the words of Go's JSON decoder; undefined if it can. */
export function describeMetaTypeError(metadata: Json): string | undefined {
  return typeError(metadata, OBJECT_META, '');
}

/** Drops, in place, fields ObjectMeta does not have; answers their paths under `prefix`. */
export function pruneMeta(metadata: Json, prefix: string): string[] {
  const dropped: string[] = [];
  prune(metadata, OBJECT_META, prefix, dropped);
  return dropped;
}

function prune(value: Json, shape: Shape, path: string, dropped: string[]): void {
  if (shape.go === 'struct' && isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
      if (field === undefined) {
        dropped.push(`${path}.${key}`);
        Reflect.deleteProperty(value, key);
      } else {
        prune(value[key] ?? null, field, `${path}.${key}`, dropped);
      }
    }
  } else if (shape.go === 'list' && Array.isArray(value)) {
    for (const [i, item] of value.entries()) prune(item, shape.of, `${path}[${String(i)}]`, dropped);
  }
}

function typeError(value: Json, shape: Shape, path: string): string | undefined {
  if (value === null) return undefined;
  switch (shape.go) {
    case 'any':
      return undefined;
    case 'string':
      return typeof value === 'string' ? undefined : mismatch(value, path, 'string');
    case 'bool':
      return typeof value === 'boolean' ? undefined : mismatch(value, path, 'bool');
    case 'int64':
      return typeof value === 'number' && Number.isInteger(value) ? undefined : mismatch(value, path, 'int64');
    case 'time':
      if (typeof value !== 'string') return `json: cannot unmarshal ${kindOf(value)} into Go value of type string`;
      return value === '' || RFC3339.test(value) ? undefined : timeError(value);
    case 'map':
    case 'struct':
      return isJsonObject(value)
        ? objectError(value, shape, path)
        : mismatch(value, path, shape.go === 'map' ? shape.name : `v1.${shape.name}`);
    case 'list':
      if (!Array.isArray(value)) return mismatch(value, path, shape.name);
      return first(value, (item) => typeError(item, shape.of, path));
  }
}

const RFC3339 = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function timeError(value: string): string {
  return `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`;
}

function objectError(value: JsonObject, shape: Shape & { go: 'map' | 'struct' }, path: string): string | undefined {
  return first(Object.keys(value), (key) => {
    const field = shape.go === 'map' ? shape.of : Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (field === undefined) return undefined;
    // Go names the struct and its field, not the keys of a map below it.
    const child = shape.go === 'map' ? path : path === '' ? `${shape.name}.${key}` : `${path}.${key}`;
    return typeError(value[key] ?? null, field, child);
  });
}

function first<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function mismatch(value: Json, path: string, type: string): string {
  const target = path === '' ? 'Go value' : `Go struct field ${path}`;
  return `json: cannot unmarshal ${kindOf(value)} into ${target} of type ${type}`;
}
