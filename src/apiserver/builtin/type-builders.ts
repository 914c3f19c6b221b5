/** Short ways to write a TypeSchema by hand. */
import type { Json } from '../object.ts';
import type { TypeSchema } from './type-schema.ts';

type Extra = Omit<TypeSchema, 'type' | 'description'>;

export const text = (description: string, extra: Extra = {}): TypeSchema => ({ type: 'string', description, ...extra });
/** A string that is '' when unset and present in every answer. */
export const requiredText = (description: string, goType?: string): TypeSchema =>
  text(description, { default: '', always: true, ...(goType !== undefined && { goType }) });
export const flag = (description: string, extra: Extra = {}): TypeSchema => ({ type: 'boolean', description, ...extra });
export const int32 = (description: string, extra: Extra = {}): TypeSchema => ({ type: 'integer', format: 'int32', description, ...extra });
export const int64 = (description: string, extra: Extra = {}): TypeSchema => ({ type: 'integer', format: 'int64', description, ...extra });
export const double = (description: string, extra: Extra = {}): TypeSchema => ({ type: 'number', format: 'double', description, ...extra });

/** A named object type; `required` fields must be sent. */
export const struct = (
  definition: string,
  description: string,
  properties: { readonly [name: string]: TypeSchema },
  required: readonly string[] = [],
): TypeSchema => ({ definition, type: 'object', description, properties, ...(required.length > 0 ? { required } : {}) });

/** The use of a type by a field: the same type with the field's own description. */
export const use = (type: TypeSchema, description: string, extra: Extra = {}): TypeSchema => ({
  ...type,
  ...(type.definition !== undefined && { origin: type.origin ?? type }),
  description,
  ...extra,
});

/** The use of an object type that is in every answer, `{}` when unset. */
export const always = (type: TypeSchema, description: string): TypeSchema => use(type, description, { always: true });

export const mapOf = (additionalProperties: TypeSchema, description: string): TypeSchema => ({
  type: 'object',
  description,
  additionalProperties,
});

export const atomicList = (items: TypeSchema, description: string, extra: Extra = {}): TypeSchema => ({
  type: 'array',
  description,
  items,
  'x-kubernetes-list-type': 'atomic',
  ...extra,
});

/** A list whose items are values that occur once; strategic merge patches add to it. */
export const setList = (items: TypeSchema, description: string): TypeSchema => ({
  type: 'array',
  description,
  items,
  'x-kubernetes-list-type': 'set',
  'x-kubernetes-patch-strategy': 'merge',
});

/** A list whose items are told apart by the field `key`. */
export const keyedList = (items: TypeSchema, key: string, description: string): TypeSchema => ({
  type: 'array',
  description,
  items,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
  'x-kubernetes-patch-merge-key': key,
  'x-kubernetes-patch-strategy': 'merge',
});

/** Any JSON value. */
export const anyValue = (definition: string, description: string): TypeSchema => ({
  definition,
  description,
  'x-kubernetes-preserve-unknown-fields': true,
});

/** What an `always` field holds when nobody set it. */
export function emptyValue(schema: TypeSchema): Json {
  if (schema.nullable === true) return null;
  if (schema.default !== undefined) return structuredClone(schema.default);
  switch (schema.type) {
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return 0;
    case 'array':
      return [];
    default:
      return {};
  }
}
