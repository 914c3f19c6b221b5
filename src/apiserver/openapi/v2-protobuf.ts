/**
 * The Swagger document as protobuf, `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`: kubectl 1.27 and 1.28 take
 * no other form of it, and do neither explain nor apply without it.
 */
import protobuf from 'protobufjs/light.js';
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { openapiV2Messages } from './v2-messages.ts';

/** The names under which clients ask for this form. */
export const openapiV2ProtobufTypes: readonly string[] = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
];

/** A message before it is encoded. */
type Message = { [field: string]: unknown };

/** Encodes what openapiV2Document returns. */
export function encodeOpenapiV2(document: JsonObject): Uint8Array<ArrayBuffer> {
  const type = protobuf.Root.fromJSON(openapiV2Messages).lookupType('Document');
  const { swagger, info, paths, definitions } = document;
  const bytes = type
    .encode({
      swagger,
      info,
      paths: { path: named(paths, pathItem) },
      definitions: { additionalProperties: named(definitions, schema) },
    })
    .finish();
  return new Uint8Array(bytes);
}

const object = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

function named(values: Json | undefined, convert: (value: JsonObject) => Message): Message[] {
  return Object.entries(object(values)).map(([name, value]) => ({ name, value: convert(object(value)) }));
}

/** Free values are YAML inside, and JSON is YAML. */
const any = (value: Json): Message => ({ yaml: JSON.stringify(value) });

function extensions(values: JsonObject): Message[] {
  return Object.entries(values)
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, value]) => ({ name, value: any(value) }));
}

function pathItem({ parameters, ...operations }: JsonObject): Message {
  const methods = Object.entries(operations).map(([method, value]) => [method, operation(object(value))] as const);
  return { ...Object.fromEntries(methods), parameters: list(parameters).map(parameter) };
}

function operation(values: JsonObject): Message {
  const { description, operationId, produces, consumes, schemes } = values;
  return {
    ...{ description, operationId, produces, consumes, schemes },
    parameters: list(values.parameters).map(parameter),
    responses: { responseCode: named(values.responses, response) },
    vendorExtension: extensions(values),
  };
}

function response(values: JsonObject): Message {
  const answer = isJsonObject(values.schema) ? { schema: { schema: schema(values.schema) } } : {};
  return { response: { description: values.description, ...answer } };
}

function parameter(value: Json): Message {
  const values = object(value);
  if (values.in === 'body') return { parameter: { bodyParameter: { ...values, schema: schema(object(values.schema)) } } };
  const kind = values.in === 'path' ? 'pathParameterSubSchema' : 'queryParameterSubSchema';
  return { parameter: { nonBodyParameter: { [kind]: values } } };
}

function schema(values: JsonObject): Message {
  const { $ref, type, items, properties, additionalProperties, ...rest } = values;
  const plain = Object.entries(rest).filter(([name]) => !name.startsWith('x-'));
  return {
    ...Object.fromEntries(plain),
    ...($ref !== undefined && { Ref: $ref }),
    ...(type !== undefined && { type: { value: [type] } }),
    ...(rest.default !== undefined && { default: any(rest.default) }),
    ...(rest.enum !== undefined && { enum: list(rest.enum).map(any) }),
    ...(isJsonObject(items) && { items: { schema: [schema(items)] } }),
    ...(properties !== undefined && { properties: { additionalProperties: named(properties, schema) } }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'boolean' ? { boolean: additionalProperties } : { schema: schema(object(additionalProperties)) },
    }),
    vendorExtension: extensions(rest),
  };
}
