/** The keywords of a CRD's schema, node by node: what is not supported, what excludes what, list and map types. */
import { forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type { FieldError } from '../../field-error.ts';
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';
import { childPath, indexPath, keyPath } from '../path.ts';
import { checkRuleTexts, compileNode, enterElement, enterProperty } from './rules-check.ts';
import type { RuleScope } from './rules-check.ts';
import { itemSchema, listOf, textOf } from './read.ts';

/** What holds for the part of the schema that is looked at. */
export interface Surroundings {
  /** Why defaults may not stand here; undefined where they may. */
  readonly defaultsForbidden?: string;
  readonly insideResourceMeta?: boolean;
  /** The list whose elements cannot be found again after an update: rules below may not use oldSelf. */
  readonly uncorrelatable?: string;
}

/** Refusals of the schema itself, and of its rules. */
export interface SchemaErrors {
  readonly schema: FieldError[];
  readonly cel: FieldError[];
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const TYPE_AND_OBJECT_META = ['metadata', 'kind', 'apiVersion'];

/** Checks a node and all below it; `scope` is left out where rules are not compiled (a schema that is wrong already). */
export function checkSchema(
  json: JsonObject,
  path: string,
  surroundings: Surroundings,
  isRoot: boolean,
  scope: RuleScope | undefined,
): SchemaErrors {
  const errors: SchemaErrors = { schema: checkKeywords(json, path, surroundings), cel: [] };
  const into = (child: Json | undefined, at: string, around: Surroundings, childScope?: RuleScope): void => {
    if (!isJsonObject(child)) return;
    const found = checkSchema(child, at, around, false, childScope);
    errors.schema.push(...found.schema);
    errors.cel.push(...found.cel);
  };
  checkMapSchemas(json, path, surroundings, isRoot, scope, errors, into);
  into(json['not'], childPath(path, 'not'), surroundings);
  for (const junctor of ['allOf', 'oneOf', 'anyOf']) {
    for (const [i, branch] of listOf(json, junctor).entries()) into(branch, indexPath(childPath(path, junctor), i), surroundings);
  }
  if (isJsonObject(json['definitions'])) {
    for (const [key, child] of Object.entries(json['definitions'])) into(child, keyPath(childPath(path, 'definitions'), key), surroundings);
  }
  const items = itemSchema(json);
  if (items !== undefined) {
    const around = textOf(json, 'x-kubernetes-list-type') === 'map' ? surroundings : { uncorrelatable: path, ...surroundings };
    into(items, childPath(path, 'items'), around, scope === undefined ? undefined : enterElement(scope, items));
  }
  checkExtensions(json, path, errors.schema);
  errors.schema.push(...checkRuleTexts(json, path));
  if (errors.schema.length === 0 && scope !== undefined) errors.cel.push(...compileNode(json, path, scope, surroundings.uncorrelatable));
  return errors;
}

function checkKeywords(json: JsonObject, path: string, surroundings: Surroundings): FieldError[] {
  const errors: FieldError[] = [];
  const at = (field: string): string => childPath(path, field);
  const type = textOf(json, 'type');
  if (type !== '' && !TYPES.includes(type)) errors.push(notSupported(at('type'), type, TYPES));
  if (json['default'] !== undefined && json['default'] !== null && surroundings.defaultsForbidden !== undefined) {
    errors.push(forbidden(at('default'), `must not be set ${surroundings.defaultsForbidden}`));
  }
  for (const field of ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref']) {
    const value = json[field];
    const empty =
      value === undefined ||
      value === null ||
      value === '' ||
      (field !== 'dependencies' && isJsonObject(value) && Object.keys(value).length === 0);
    if (!empty) errors.push(forbidden(at(field), `${field} is not supported`));
  }
  if (type === 'null') errors.push(forbidden(at('type'), 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(json['items']) && json['items'].length > 0) {
    errors.push(forbidden(at('items'), 'items must be a schema object and not an array'));
  }
  if (surroundings.insideResourceMeta === true && json['x-kubernetes-embedded-resource'] === true) {
    errors.push(forbidden(at('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta'));
  }
  if (json['uniqueItems'] === true) {
    errors.push(forbidden(at('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  }
  return errors;
}

type Into = (child: Json | undefined, at: string, around: Surroundings, childScope?: RuleScope) => void;

function checkMapSchemas(
  json: JsonObject,
  path: string,
  surroundings: Surroundings,
  isRoot: boolean,
  scope: RuleScope | undefined,
  errors: SchemaErrors,
  into: Into,
): void {
  const additional = json['additionalProperties'];
  const properties = isJsonObject(json['properties']) ? Object.entries(json['properties']) : [];
  if (additional !== undefined && additional !== null) {
    const at = childPath(path, 'additionalProperties');
    if (properties.length > 0 && additional !== true) {
      errors.schema.push(forbidden(at, 'additionalProperties and properties are mutual exclusive'));
    }
    const around =
      surroundings.insideResourceMeta === true
        ? { ...surroundings, defaultsForbidden: 'inside additionalProperties applying to object metadata' }
        : surroundings;
    into(additional, at, around, scope === undefined || !isJsonObject(additional) ? undefined : enterElement(scope, additional));
  }
  for (const [key, property] of properties) {
    let around = surroundings;
    if ((isRoot || json['x-kubernetes-embedded-resource'] === true) && TYPE_AND_OBJECT_META.includes(key)) {
      around = { ...around, insideResourceMeta: true, ...(isRoot ? { defaultsForbidden: `in top-level ${key}` } : {}) };
    }
    const childScope = scope === undefined || !isJsonObject(property) ? undefined : enterProperty(scope, property, key);
    into(property, keyPath(childPath(path, 'properties'), key), around, childScope);
  }
}

function checkExtensions(json: JsonObject, path: string, errors: FieldError[]): void {
  const at = (field: string): string => childPath(path, field);
  const type = textOf(json, 'type');
  if (json['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(at('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  }
  const mapType = json['x-kubernetes-map-type'];
  if (typeof mapType === 'string') {
    if (type !== 'object') errors.push(wrongType(at('type'), type, 'must be object if x-kubernetes-map-type is specified'));
    if (mapType !== 'atomic' && mapType !== 'granular') {
      errors.push(notSupported(at('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
    }
  }
  const listType = json['x-kubernetes-list-type'];
  if (typeof listType === 'string') {
    if (type !== 'array') errors.push(wrongType(at('type'), type, 'must be array if x-kubernetes-list-type is specified'));
    else if (listType === 'set') checkSetItems(json, path, errors);
    if (!['atomic', 'set', 'map'].includes(listType)) {
      errors.push(notSupported(at('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']));
    }
  }
  const keys = listOf(json, 'x-kubernetes-list-map-keys');
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const where = at('x-kubernetes-list-type');
    errors.push(typeof listType === 'string' ? invalid(where, listType, detail) : required(where, detail));
  }
  if (listType === 'map') checkMapItems(json, keys, path, errors);
  if (listType === 'map' || listType === 'set') checkKeyed(json, listType, keys, path, errors);
}

function wrongType(path: string, type: string, detail: string): FieldError {
  return type === '' ? required(path, detail) : invalid(path, type, detail);
}

/** Elements of a set are compared whole. */
function checkSetItems(json: JsonObject, path: string, errors: FieldError[]): void {
  const items = itemSchema(json);
  if (items === undefined) return;
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items['x-kubernetes-list-type'] ?? null;
  if (items['type'] === 'array' && listType !== null && listType !== 'atomic') {
    errors.push(invalid(childPath(path, 'items.x-kubernetes-list-type'), listType, detail));
  }
  if (items['type'] === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    errors.push(invalid(childPath(path, 'items.x-kubernetes-map-type'), listType, detail));
  }
}

function checkMapItems(json: JsonObject, keys: readonly Json[], path: string, errors: FieldError[]): void {
  const at = (field: string): string => childPath(path, field);
  if (keys.length === 0) errors.push(required(at('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map'));
  const items = itemSchema(json);
  if (items === undefined) {
    errors.push(required(at('items'), 'must have a schema if x-kubernetes-list-type is map'));
    return;
  }
  if (items['type'] !== 'object') {
    errors.push(invalid(at('items.type'), textOf(items, 'type'), "must be object if parent array's x-kubernetes-list-type is map"));
    return;
  }
  const properties = isJsonObject(items['properties']) ? items['properties'] : {};
  for (const [i, key] of keys.entries()) {
    if (typeof key !== 'string') continue;
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined) {
      errors.push(invalid(at('x-kubernetes-list-map-keys'), keys, 'entries must all be names of item properties'));
    } else if (['array', 'object'].includes(textOf(property, 'type'))) {
      const where = `${at('items.properties')}[${key}].type`;
      errors.push(invalid(where, 'object', "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    }
    if (keys.indexOf(key) < i) errors.push(invalid(at('x-kubernetes-list-map-keys'), keys, 'must not contain duplicate entries'));
  }
}

/** Elements must not be null, and keys must always be there. */
function checkKeyed(json: JsonObject, listType: 'map' | 'set', keys: readonly Json[], path: string, errors: FieldError[]): void {
  const items = itemSchema(json);
  if (items === undefined) return;
  if (items['nullable'] === true)
    errors.push(forbidden(childPath(path, 'items.nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  if (listType === 'set') return;
  const properties = isJsonObject(items['properties']) ? items['properties'] : {};
  for (const key of keys) {
    const property = typeof key === 'string' && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!isJsonObject(property)) continue;
    const at = `${childPath(path, 'items.properties')}[${typeof key === 'string' ? key : ''}]`;
    if (!listOf(items, 'required').includes(key) && (property['default'] ?? null) === null) {
      const detail = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(`${at}.default`, detail));
    }
    if (property['nullable'] === true) {
      errors.push(forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'));
    }
  }
}
