/**
 * The structural schema of a custom resource: a CRD's openAPIV3Schema, read once into a tree
 * whose nodes carry only what may appear there. Field names are those of JSONSchemaProps.
 */
import { isJsonObject } from '../object.ts';
import type { Json } from '../object.ts';
import { setOwn } from './own.ts';

export type ListType = 'atomic' | 'set' | 'map';
export type MapType = 'granular' | 'atomic';

/** One entry of x-kubernetes-validations. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** The constraints on a value; these, and only these, may also stand inside allOf, anyOf, oneOf and not. */
export interface ValueValidation {
  readonly format?: string;
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly multipleOf?: number;
  readonly enum?: readonly Json[];
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly allOf?: readonly StructuralSchema[];
  readonly oneOf?: readonly StructuralSchema[];
  readonly anyOf?: readonly StructuralSchema[];
  readonly not?: StructuralSchema;
}

/** A node of the schema. A node without `type` is one under allOf/anyOf/oneOf/not, int-or-string, or preserving. */
export interface StructuralSchema extends ValueValidation {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly items?: StructuralSchema;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  /** The schema of the values of a map, or whether unlisted keys are allowed. */
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: ListType;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: MapType;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** The schema of the listed property `key`. */
export function propertySchema(schema: StructuralSchema, key: string): StructuralSchema | undefined {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
}

/** The schema of a map's values. */
export function valueSchema(schema: StructuralSchema): StructuralSchema | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

// Empty texts and false are as good as absent, as in the Go structs; numbers are not.
const TEXTS = ['type', 'title', 'description', 'format', 'pattern', 'x-kubernetes-list-type', 'x-kubernetes-map-type'] as const;
const FLAGS = [
  'nullable',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'uniqueItems',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
] as const;
const NUMBERS = [
  'maximum',
  'minimum',
  'maxLength',
  'minLength',
  'maxItems',
  'minItems',
  'multipleOf',
  'maxProperties',
  'minProperties',
] as const;
const JUNCTORS = ['allOf', 'oneOf', 'anyOf'] as const;

/**
 * Reads a JSONSchemaProps into the tree; keywords it does not know, and values of the wrong type, are left out.
 * What may not stand in a structural schema at all ($ref, patternProperties ...) is for crd-schema.ts to refuse.
 */
export function readStructural(json: Json): StructuralSchema {
  const node: { [key: string]: unknown } = {};
  if (!isJsonObject(json)) return node;
  for (const key of TEXTS) if (typeof json[key] === 'string' && json[key] !== '') node[key] = json[key];
  for (const key of FLAGS) if (json[key] === true) node[key] = true;
  for (const key of NUMBERS) if (typeof json[key] === 'number') node[key] = json[key];
  if (json['default'] !== undefined && json['default'] !== null) node['default'] = json['default'];
  if (Array.isArray(json['enum'])) node['enum'] = json['enum'];
  for (const key of ['required', 'x-kubernetes-list-map-keys'] as const) {
    const list = json[key];
    if (Array.isArray(list) && list.length > 0) node[key] = list.filter((item) => typeof item === 'string');
  }
  if (isJsonObject(json['items'])) node['items'] = readStructural(json['items']);
  if (isJsonObject(json['properties'])) {
    const properties: { [key: string]: StructuralSchema } = {};
    for (const [key, property] of Object.entries(json['properties'])) setOwn(properties, key, readStructural(property));
    node['properties'] = properties;
  }
  const additional = json['additionalProperties'];
  if (typeof additional === 'boolean') node['additionalProperties'] = additional;
  else if (isJsonObject(additional)) node['additionalProperties'] = readStructural(additional);
  for (const key of JUNCTORS) {
    const list = json[key];
    if (Array.isArray(list) && list.length > 0) node[key] = list.map(readStructural);
  }
  if (isJsonObject(json['not'])) node['not'] = readStructural(json['not']);
  const rules = json['x-kubernetes-validations'];
  if (Array.isArray(rules) && rules.length > 0) node['x-kubernetes-validations'] = rules.map(readRule);
  return node;
}

function readRule(json: Json): ValidationRule {
  const text = (key: string): { [field: string]: string } => {
    const value = isJsonObject(json) ? json[key] : undefined;
    return typeof value === 'string' && value !== '' ? { [key]: value } : {};
  };
  const optional = isJsonObject(json) ? json['optionalOldSelf'] : undefined;
  return {
    rule: '',
    ...text('rule'),
    ...text('message'),
    ...text('messageExpression'),
    ...text('reason'),
    ...text('fieldPath'),
    ...(typeof optional === 'boolean' ? { optionalOldSelf: optional } : {}),
  };
}
