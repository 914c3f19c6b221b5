/**
 * The part of package openapi.v2 (gnostic's OpenAPIv2.proto) that our Swagger document fills: message by message, each field
 * with its type and number.
 */
import type { INamespace } from 'protobufjs/light.js';

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ type, id, rule: 'repeated' });
const extensions = (id: number) => many('NamedAny', id);
const named = (type: string) => ({ fields: { name: one('string', 1), value: one(type, 2) } });
const listOf = (type: string) => ({ fields: { additionalProperties: many(type, 1) } });

export const openapiV2Messages: INamespace = {
  nested: {
    Document: {
      fields: { swagger: one('string', 1), info: one('Info', 2), paths: one('Paths', 8), definitions: one('Definitions', 9) },
    },
    Info: { fields: { title: one('string', 1), version: one('string', 2) } },
    Paths: { fields: { path: many('NamedPathItem', 2) } },
    NamedPathItem: named('PathItem'),
    PathItem: {
      fields: {
        get: one('Operation', 2),
        put: one('Operation', 3),
        post: one('Operation', 4),
        delete: one('Operation', 5),
        patch: one('Operation', 8),
        parameters: many('ParametersItem', 9),
      },
    },
    Operation: {
      fields: {
        description: one('string', 3),
        operationId: one('string', 5),
        produces: many('string', 6),
        consumes: many('string', 7),
        parameters: many('ParametersItem', 8),
        responses: one('Responses', 9),
        schemes: many('string', 10),
        vendorExtension: extensions(13),
      },
    },
    ParametersItem: { fields: { parameter: one('Parameter', 1) } },
    Parameter: { fields: { bodyParameter: one('BodyParameter', 1), nonBodyParameter: one('NonBodyParameter', 2) } },
    BodyParameter: { fields: { name: one('string', 2), in: one('string', 3), required: one('bool', 4), schema: one('Schema', 5) } },
    NonBodyParameter: {
      fields: { queryParameterSubSchema: one('QueryParameter', 3), pathParameterSubSchema: one('PathParameter', 4) },
    },
    QueryParameter: {
      fields: {
        in: one('string', 2),
        description: one('string', 3),
        name: one('string', 4),
        type: one('string', 6),
        uniqueItems: one('bool', 20),
      },
    },
    PathParameter: {
      fields: {
        required: one('bool', 1),
        in: one('string', 2),
        description: one('string', 3),
        name: one('string', 4),
        type: one('string', 5),
        uniqueItems: one('bool', 19),
      },
    },
    Responses: { fields: { responseCode: many('NamedResponseValue', 1) } },
    NamedResponseValue: named('ResponseValue'),
    ResponseValue: { fields: { response: one('Response', 1) } },
    Response: { fields: { description: one('string', 1), schema: one('SchemaItem', 2) } },
    SchemaItem: { fields: { schema: one('Schema', 1) } },
    Definitions: listOf('NamedSchema'),
    Properties: listOf('NamedSchema'),
    NamedSchema: named('Schema'),
    Schema: {
      fields: {
        Ref: one('string', 1),
        format: one('string', 2),
        title: one('string', 3),
        description: one('string', 4),
        default: one('Any', 5),
        multipleOf: one('double', 6),
        maximum: one('double', 7),
        exclusiveMaximum: one('bool', 8),
        minimum: one('double', 9),
        exclusiveMinimum: one('bool', 10),
        maxLength: one('int64', 11),
        minLength: one('int64', 12),
        pattern: one('string', 13),
        maxItems: one('int64', 14),
        minItems: one('int64', 15),
        uniqueItems: one('bool', 16),
        maxProperties: one('int64', 17),
        minProperties: one('int64', 18),
        required: many('string', 19),
        enum: many('Any', 20),
        additionalProperties: one('AdditionalPropertiesItem', 21),
        type: one('StringList', 22),
        items: one('ItemsItem', 23),
        properties: one('Properties', 25),
        vendorExtension: extensions(31),
      },
    },
    AdditionalPropertiesItem: { fields: { schema: one('Schema', 1), boolean: one('bool', 2) } },
    ItemsItem: { fields: { schema: many('Schema', 1) } },
    StringList: { fields: { value: many('string', 1) } },
    NamedAny: named('Any'),
    Any: { fields: { yaml: one('string', 2) } },
  },
};
