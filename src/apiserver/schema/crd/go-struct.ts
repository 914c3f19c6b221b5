/**
 * CRD parts as the server quotes them in refusals: its internal Go structs in JSON, every field in order and under
 * its Go name. go-format.ts keeps the order of a Map.
 */
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';

type Read = (json: JsonObject) => unknown;

const value =
  (key: string, zero: unknown): Read =>
  (json) =>
    Object.hasOwn(json, key) ? json[key] : zero;
const mapped =
  (key: string, read: (json: Json) => unknown): Read =>
  (json) => {
    const item = Object.hasOwn(json, key) ? json[key] : undefined;
    return item === undefined || item === null ? null : read(item);
  };
const list =
  (read: (json: Json) => unknown) =>
  (json: Json): unknown =>
    Array.isArray(json) ? json.map(read) : null;
const dictionary =
  (read: (json: Json) => unknown) =>
  (json: Json): unknown =>
    isJsonObject(json) ? Object.fromEntries(Object.entries(json).map(([key, item]) => [key, read(item)])) : null;

/** The fields of JSONSchemaProps in the order of the Go struct: name there, name in JSON, value. */
export const SCHEMA_FIELDS: readonly (readonly [goName: string, jsonName: string, read: Read])[] = [
  ['ID', 'id', value('id', '')],
  ['Schema', '$schema', value('$schema', '')],
  ['Ref', '$ref', value('$ref', null)],
  ['Description', 'description', value('description', '')],
  ['Type', 'type', value('type', '')],
  ['Nullable', 'nullable', value('nullable', false)],
  ['Format', 'format', value('format', '')],
  ['Title', 'title', value('title', '')],
  ['Default', 'default', value('default', null)],
  ['Maximum', 'maximum', value('maximum', null)],
  ['ExclusiveMaximum', 'exclusiveMaximum', value('exclusiveMaximum', false)],
  ['Minimum', 'minimum', value('minimum', null)],
  ['ExclusiveMinimum', 'exclusiveMinimum', value('exclusiveMinimum', false)],
  ['MaxLength', 'maxLength', value('maxLength', null)],
  ['MinLength', 'minLength', value('minLength', null)],
  ['Pattern', 'pattern', value('pattern', '')],
  ['MaxItems', 'maxItems', value('maxItems', null)],
  ['MinItems', 'minItems', value('minItems', null)],
  ['UniqueItems', 'uniqueItems', value('uniqueItems', false)],
  ['MultipleOf', 'multipleOf', value('multipleOf', null)],
  ['Enum', 'enum', value('enum', null)],
  ['MaxProperties', 'maxProperties', value('maxProperties', null)],
  ['MinProperties', 'minProperties', value('minProperties', null)],
  ['Required', 'required', value('required', null)],
  ['Items', 'items', mapped('items', itemsStruct)],
  ['AllOf', 'allOf', mapped('allOf', list(schemaStruct))],
  ['OneOf', 'oneOf', mapped('oneOf', list(schemaStruct))],
  ['AnyOf', 'anyOf', mapped('anyOf', list(schemaStruct))],
  ['Not', 'not', mapped('not', schemaStruct)],
  ['Properties', 'properties', mapped('properties', dictionary(schemaStruct))],
  ['AdditionalProperties', 'additionalProperties', mapped('additionalProperties', schemaOrBool)],
  ['PatternProperties', 'patternProperties', mapped('patternProperties', dictionary(schemaStruct))],
  ['Dependencies', 'dependencies', value('dependencies', null)],
  ['AdditionalItems', 'additionalItems', mapped('additionalItems', schemaOrBool)],
  ['Definitions', 'definitions', mapped('definitions', dictionary(schemaStruct))],
  ['ExternalDocs', 'externalDocs', value('externalDocs', null)],
  ['Example', 'example', value('example', null)],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', value('x-kubernetes-preserve-unknown-fields', null)],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', value('x-kubernetes-embedded-resource', false)],
  ['XIntOrString', 'x-kubernetes-int-or-string', value('x-kubernetes-int-or-string', false)],
  ['XListMapKeys', 'x-kubernetes-list-map-keys', value('x-kubernetes-list-map-keys', null)],
  ['XListType', 'x-kubernetes-list-type', value('x-kubernetes-list-type', null)],
  ['XMapType', 'x-kubernetes-map-type', value('x-kubernetes-map-type', null)],
  ['XValidations', 'x-kubernetes-validations', mapped('x-kubernetes-validations', list(ruleStruct))],
];

/** A schema as the struct JSONSchemaProps. */
export function schemaStruct(json: Json): unknown {
  return isJsonObject(json) ? new Map(SCHEMA_FIELDS.map(([name, , read]) => [name, read(json)])) : null;
}

/** An entry of x-kubernetes-validations as the struct ValidationRule. */
export function ruleStruct(json: Json): unknown {
  const rule = isJsonObject(json) ? json : {};
  return new Map<string, unknown>([
    ['Rule', rule['rule'] ?? ''],
    ['Message', rule['message'] ?? ''],
    ['MessageExpression', rule['messageExpression'] ?? ''],
    ['Reason', rule['reason'] ?? null],
    ['FieldPath', rule['fieldPath'] ?? ''],
    ['OptionalOldSelf', rule['optionalOldSelf'] ?? null],
  ]);
}

/** Whether a field of a schema has Go's zero value. */
export function isZero(json: Json | undefined): boolean {
  return json === undefined || json === null || json === '' || json === false;
}

/** A version as the struct CustomResourceDefinitionVersion; parts moved to the top of spec are null. */
export function versionStruct(json: Json): unknown {
  const version = isJsonObject(json) ? json : {};
  return new Map<string, unknown>([
    ['Name', version['name'] ?? ''],
    ['Served', version['served'] ?? false],
    ['Storage', version['storage'] ?? false],
    ['Deprecated', version['deprecated'] ?? false],
    ['DeprecationWarning', version['deprecationWarning'] ?? null],
    ['Schema', mapped('schema', validationStruct)(version)],
    ['Subresources', mapped('subresources', subresourcesStruct)(version)],
    ['AdditionalPrinterColumns', mapped('additionalPrinterColumns', list(columnStruct))(version)],
    ['SelectableFields', mapped('selectableFields', list(selectableStruct))(version)],
  ]);
}

function validationStruct(json: Json): unknown {
  return new Map([['OpenAPIV3Schema', isJsonObject(json) ? schemaStruct(json['openAPIV3Schema'] ?? null) : null]]);
}

function subresourcesStruct(json: Json): unknown {
  const subresources = isJsonObject(json) ? json : {};
  const scale = subresources['scale'];
  return new Map<string, unknown>([
    ['Status', subresources['status'] === undefined ? null : {}],
    [
      'Scale',
      isJsonObject(scale)
        ? new Map<string, unknown>([
            ['SpecReplicasPath', scale['specReplicasPath'] ?? ''],
            ['StatusReplicasPath', scale['statusReplicasPath'] ?? ''],
            ['LabelSelectorPath', scale['labelSelectorPath'] ?? null],
          ])
        : null,
    ],
  ]);
}

function columnStruct(json: Json): unknown {
  const column = isJsonObject(json) ? json : {};
  return new Map<string, unknown>([
    ['Name', column['name'] ?? ''],
    ['Type', column['type'] ?? ''],
    ['Format', column['format'] ?? ''],
    ['Description', column['description'] ?? ''],
    ['Priority', column['priority'] ?? 0],
    ['JSONPath', column['jsonPath'] ?? ''],
  ]);
}

function selectableStruct(json: Json): unknown {
  return new Map([['JSONPath', isJsonObject(json) ? (json['jsonPath'] ?? '') : '']]);
}

function itemsStruct(json: Json): unknown {
  return new Map<string, unknown>([
    ['Schema', Array.isArray(json) ? null : schemaStruct(json)],
    ['JSONSchemas', Array.isArray(json) ? json.map(schemaStruct) : null],
  ]);
}

function schemaOrBool(json: Json): unknown {
  return new Map<string, unknown>([
    ['Allows', json !== false],
    ['Schema', isJsonObject(json) ? schemaStruct(json) : null],
  ]);
}
