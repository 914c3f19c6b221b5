/** The schema of JSONSchemaProps, the schema language of CRDs. It contains itself, so it is built rather than written. */
import { anyValue, atomicList, double, flag, int64, keyedList, mapOf, requiredText, struct, text, use } from './type-builders.ts';
import type { TypeSchema } from './type-schema.ts';

const EXT = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const string: TypeSchema = { type: 'string', default: '' };

const validationRule = struct(
  `${EXT}.ValidationRule`,
  'A rule in CEL that values have to keep.',
  {
    fieldPath: text('The field, below this one, that a refusal names.'),
    message: text('What a refusal says.'),
    messageExpression: text('CEL that makes what a refusal says.'),
    optionalOldSelf: flag('Run the rule too where there is no old value; oldSelf is then an optional.', { keepZero: true }),
    reason: text('The reason a refusal carries, for programs.', { keepZero: true }),
    rule: requiredText('The rule; self is the value, oldSelf the one before an update.'),
  },
  ['rule'],
);

const json = anyValue(`${EXT}.JSON`, 'Any JSON value.');
const either = (name: string, description: string): TypeSchema => ({
  definition: `${EXT}.${name}`,
  origin: { definition: `${EXT}.${name}`, description },
});
const flagOr = (what: string): string => `A schema, or ${what}.`;

/** The schema of a schema. Every call builds one anew. */
export function jsonSchemaPropsSchema(): TypeSchema {
  const properties: { [name: string]: TypeSchema } = {};
  const self = struct(`${EXT}.JSONSchemaProps`, 'A schema as JSON Schema (draft 4) and OpenAPI v3 write it.', properties);
  // Documents show these two as any value, as they are a schema or something else.
  const orBool = (description: string): TypeSchema => ({
    ...self,
    ...either('JSONSchemaPropsOrBool', 'A schema, or a truth value.'),
    description,
  });
  const orArray: TypeSchema = {
    ...self,
    ...either('JSONSchemaPropsOrArray', 'A schema.'),
    description: 'The schema of the items of a list.',
  };
  const orStrings = anyValue(`${EXT}.JSONSchemaPropsOrStringArray`, 'A schema, or a list of names.');
  Object.assign(properties, {
    $ref: text('Not allowed in CRDs.', { keepZero: true }),
    $schema: text('Not allowed in CRDs.'),
    additionalItems: orBool('Not allowed in CRDs.'),
    additionalProperties: orBool(flagOr('whether keys beyond properties are allowed')),
    allOf: atomicList(self, 'Every one of these has to hold.'),
    anyOf: atomicList(self, 'At least one of these has to hold.'),
    default: use(json, 'The value of the field where it is left out.'),
    definitions: mapOf(self, 'Not allowed in CRDs.'),
    dependencies: mapOf(orStrings, 'Not allowed in CRDs.'),
    description: text('What the field is for; kubectl explain shows it.'),
    enum: atomicList(json, 'The values that are allowed.'),
    example: use(json, 'An example.'),
    exclusiveMaximum: flag('The maximum itself is not allowed.'),
    exclusiveMinimum: flag('The minimum itself is not allowed.'),
    externalDocs: struct(`${EXT}.ExternalDocumentation`, 'Documentation elsewhere.', {
      description: text('What is there.'),
      url: text('Where it is.'),
    }),
    format: text('The form of the value, e.g. int32 or date-time.'),
    id: text('Not allowed in CRDs.'),
    items: orArray,
    maxItems: int64('The most items of a list.', { keepZero: true }),
    maxLength: int64('The most characters of a text.', { keepZero: true }),
    maxProperties: int64('The most keys of an object.', { keepZero: true }),
    maximum: double('The largest number.', { keepZero: true }),
    minItems: int64('The fewest items of a list.', { keepZero: true }),
    minLength: int64('The fewest characters of a text.', { keepZero: true }),
    minProperties: int64('The fewest keys of an object.', { keepZero: true }),
    minimum: double('The smallest number.', { keepZero: true }),
    multipleOf: double('The number is a multiple of this.', { keepZero: true }),
    not: self,
    nullable: flag('null is allowed.'),
    oneOf: atomicList(self, 'Exactly one of these has to hold.'),
    pattern: text('A regular expression that the text matches.'),
    patternProperties: mapOf(self, 'Not allowed in CRDs.'),
    properties: mapOf(self, 'The fields of an object.'),
    required: atomicList(string, 'The fields that must be set.'),
    title: text('A short name of the schema.'),
    type: text('object, array, string, integer, number or boolean.'),
    uniqueItems: flag('Not allowed in CRDs; see x-kubernetes-list-type.'),
    'x-kubernetes-embedded-resource': flag('The value is a whole Kubernetes object.'),
    'x-kubernetes-int-or-string': flag('The value is an integer or a text.'),
    'x-kubernetes-list-map-keys': atomicList(string, 'The fields that tell apart the items of a list of type map.'),
    'x-kubernetes-list-type': text('How the list merges: atomic, set or map.', { keepZero: true }),
    'x-kubernetes-map-type': text('How the object merges: granular or atomic.', { keepZero: true }),
    'x-kubernetes-preserve-unknown-fields': flag('Fields that the schema does not know are kept.', { keepZero: true }),
    'x-kubernetes-validations': keyedList(validationRule, 'rule', 'Rules in CEL.'),
  });
  return self;
}
