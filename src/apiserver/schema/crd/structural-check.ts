/** Whether a schema is structural: every node has a type, and junctors only restrict what is specified beside them. */
import { forbidden, invalid, renderFieldError, required } from '../../field-error.ts';
import type { FieldError } from '../../field-error.ts';
import { jsonEqual } from '../equality.ts';
import { compareStrings } from '../go-format.ts';
import { GoRegExpError, compileGoRegExp } from '../go-regexp.ts';
import { childPath, indexPath, keyPath } from '../path.ts';
import { propertySchema, valueSchema } from '../structural.ts';
import type { StructuralSchema } from '../structural.ts';

type Level = 'root' | 'item' | 'field';

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];
const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

/** What keeps the schema at `path` from being structural, in the order of the messages. */
export function validateStructural(schema: StructuralSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, 'root', path, errors);
  checkCompleteness(schema, schema, path, path, errors);
  return errors.sort((a, b) => compareStrings(renderFieldError(a), renderFieldError(b)));
}

const propertyPath = (path: string, key: string): string => keyPath(childPath(path, 'properties'), key);

function checkNode(schema: StructuralSchema, level: Level, path: string, errors: FieldError[]): void {
  const at = (field: string): string => childPath(path, field);
  const type = schema.type ?? '';
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  if (type === 'array' && schema.items === undefined) errors.push(required(at('items'), 'must be specified'));
  if (schema.items !== undefined) checkNode(schema.items, 'item', at('items'), errors);
  for (const [key, property] of Object.entries(schema.properties ?? {})) checkNode(property, 'field', propertyPath(path, key), errors);
  if (schema.additionalProperties !== undefined) {
    if (level === 'root') errors.push(forbidden(at('additionalProperties'), 'must not be used at the root'));
    const values = valueSchema(schema);
    if (values !== undefined) checkNode(values, 'field', at('additionalProperties'), errors);
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    for (const field of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
      if (schema[field] === true) errors.push(invalid(at(field), true, 'must be false if x-kubernetes-int-or-string is true'));
    }
  }
  const wholeAnyOf = jsonEqual(schema.anyOf, INT_OR_STRING);
  const firstAllOf = jsonEqual(schema.allOf?.[0]?.anyOf, INT_OR_STRING);
  checkValidation(schema, wholeAnyOf, firstAllOf, path, errors);

  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(at('type'), detail) : invalid(at('type'), type, detail));
  } else if (type === '' && schema['x-kubernetes-int-or-string'] !== true && schema['x-kubernetes-preserve-unknown-fields'] !== true) {
    errors.push(required(at('type'), MISSING_TYPE[level]));
  }
  if (embedded && schema.additionalProperties !== undefined) {
    errors.push(forbidden(at('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'));
  }
  if (level === 'root' && type !== '' && type !== 'object') errors.push(invalid(at('type'), type, 'must be object at the root'));
  checkMeta(schema, level, embedded, path, errors);
  if (embedded && schema['x-kubernetes-preserve-unknown-fields'] !== true && Object.keys(schema.properties ?? {}).length === 0) {
    const detail = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(at('properties'), detail));
  }
}

/** apiVersion, kind and metadata of a resource may hardly be restricted. */
function checkMeta(schema: StructuralSchema, level: Level, embedded: boolean, path: string, errors: FieldError[]): void {
  const isResource = level === 'root' || embedded;
  for (const key of ['kind', 'apiVersion']) {
    const property = propertySchema(schema, key);
    if (property !== undefined && isResource && property.type !== 'string') {
      errors.push(invalid(childPath(propertyPath(path, key), 'type'), property.type ?? '', 'must be string'));
    }
  }
  const metadata = propertySchema(schema, 'metadata');
  if (metadata === undefined) return;
  const where = propertyPath(path, 'metadata');
  if (isResource && metadata.type !== 'object') errors.push(invalid(childPath(where, 'type'), metadata.type ?? '', 'must be object'));
  if (level !== 'root') return;
  const { type: _type, default: _default, properties, ...others } = metadata;
  const named = Object.keys(properties ?? {}).every((key) => key === 'name' || key === 'generateName');
  if (!named || Object.keys(others).length > 0) {
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(where, detail));
  }
}

function checkValidation(schema: StructuralSchema, skipAnyOf: boolean, skipFirstAllOf: boolean, path: string, errors: FieldError[]): void {
  const at = (field: string): string => childPath(path, field);
  for (const [i, branch] of (skipAnyOf ? [] : (schema.anyOf ?? [])).entries())
    checkNested(branch, false, indexPath(at('anyOf'), i), errors);
  for (const [i, branch] of (schema.allOf ?? []).entries())
    checkNested(branch, skipFirstAllOf && i === 0, indexPath(at('allOf'), i), errors);
  for (const [i, branch] of (schema.oneOf ?? []).entries()) checkNested(branch, false, indexPath(at('oneOf'), i), errors);
  if (schema.not !== undefined) checkNested(schema.not, false, at('not'), errors);
  if (schema.pattern === undefined) return;
  try {
    compileGoRegExp(schema.pattern);
  } catch (error) {
    if (!(error instanceof GoRegExpError)) throw error;
    errors.push(invalid(at('pattern'), schema.pattern, `must be a valid regular expression, but isn't: ${error.message}`));
  }
}

const FORBIDDEN_IN_JUNCTORS = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
] as const;

/** A node under allOf, anyOf, oneOf or not: constraints only. */
function checkNested(schema: StructuralSchema, skipAnyOf: boolean, path: string, errors: FieldError[]): void {
  const at = (field: string): string => childPath(path, field);
  checkValidation(schema, skipAnyOf, false, path, errors);
  if (schema.items !== undefined) checkNested(schema.items, false, at('items'), errors);
  for (const [key, property] of Object.entries(schema.properties ?? {})) checkNested(property, false, propertyPath(path, key), errors);
  for (const [field, wanted] of FORBIDDEN_IN_JUNCTORS) {
    if (schema[field] === undefined || (field === 'additionalProperties' && schema[field] === false)) continue;
    errors.push(forbidden(at(field), `must be ${wanted} to be structural`));
  }
  if (propertySchema(schema, 'metadata') !== undefined) {
    errors.push(forbidden(propertyPath(path, 'metadata'), 'must not be specified in a nested context'));
  }
}

/** Every field a junctor of `validation` speaks of must be specified in `schema` itself. */
function checkCompleteness(
  validation: StructuralSchema,
  schema: StructuralSchema,
  schemaPath: string,
  path: string,
  errors: FieldError[],
): void {
  if (validation.not !== undefined) checkNestedCompleteness(validation.not, schema, schemaPath, childPath(path, 'not'), errors);
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, branch] of (validation[junctor] ?? []).entries()) {
      checkNestedCompleteness(branch, schema, schemaPath, indexPath(childPath(path, junctor), i), errors);
    }
  }
}

function checkNestedCompleteness(
  nested: StructuralSchema,
  schema: StructuralSchema | undefined,
  schemaPath: string,
  path: string,
  errors: FieldError[],
): void {
  if (schema === undefined) {
    errors.push(required(schemaPath, `because it is defined in ${path}`));
    return;
  }
  checkCompleteness(nested, schema, schemaPath, path, errors);
  if (nested.items !== undefined) {
    checkNestedCompleteness(nested.items, schema.items, childPath(schemaPath, 'items'), childPath(path, 'items'), errors);
  }
  for (const [key, property] of Object.entries(nested.properties ?? {})) {
    checkNestedCompleteness(property, propertySchema(schema, key), propertyPath(schemaPath, key), propertyPath(path, key), errors);
  }
}
