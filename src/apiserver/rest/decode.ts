/** From a decoded body to an object of a resource: kind and version, types, unknown fields and defaults are settled here. */
import { invalid as invalidField } from '../field-error.ts';
import { childObject, childText, isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import { apiVersionOf, type Resource } from '../resource.ts';
import { goQuote } from '../schema/go-format.ts';
import { badRequest, invalid } from '../status.ts';

/** An object whose metadata has the right types; `unknown` are paths of fields that were dropped. */
export interface Decoded {
  readonly object: KubeObject;
  readonly unknown: string[];
}

/** Checks kind and version, then decodes. Changes `body`; `text` is what it was read from. @throws StatusError 400, 422 */
export function decodeObject(resource: Resource, body: Json, text = ''): Decoded {
  const apiVersion = apiVersionOf(resource);
  if (!isJsonObject(body)) {
    const target =
      'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    throw unrecognized(
      resource,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKind(body)} into ${target}`,
      text,
    );
  }
  const givenVersion = childText(body, 'apiVersion');
  const givenKind = childText(body, 'kind');
  if (givenKind === '') throw unrecognized(resource, `Object 'Kind' is missing in '${text}'`, text);
  if (givenVersion !== apiVersion) {
    throw badRequest(`the API version in the data (${givenVersion}) does not match the expected API version (${apiVersion})`);
  }
  if (givenKind !== resource.kind) throw wrongKind(resource, givenKind, body);
  const metadata = Object.hasOwn(body, 'metadata') ? (body['metadata'] ?? {}) : {};
  if (!isJsonObject(metadata)) {
    throw cannotHandle(resource, `json: cannot unmarshal ${jsonKind(metadata)} into Go struct field .metadata of type v1.ObjectMeta`);
  }
  body['metadata'] = metadata;
  const object = body as KubeObject;
  const unknown = resource.decode(object);
  // A missing name is for validation to report.
  if (!Object.hasOwn(object.metadata, 'name')) object.metadata.name = '';
  return { object, unknown };
}

function wrongKind(resource: Resource, givenKind: string, body: JsonObject): Error {
  if (resource.custom) {
    const name = childText(childObject(body, 'metadata'), 'name');
    return invalid({ group: resource.group, kind: givenKind }, name, [invalidField('kind', givenKind, `must be ${resource.kind}`)]);
  }
  const apiVersion = apiVersionOf(resource);
  return badRequest(
    `${givenKind} in version ${goQuote(resource.version)} cannot be handled as a ${resource.kind}: ` +
      `no kind ${goQuote(givenKind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
  );
}

/** 400: the body is of the right kind, but its content is not. */
export function cannotHandle(resource: Resource, why: string): Error {
  return badRequest(`${resource.kind} in version ${goQuote(resource.version)} cannot be handled as a ${resource.kind}: ${why}`);
}

/** 400: the body cannot be told to be any object. */
export function unrecognized(resource: Resource, why: string, text: string): Error {
  return badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): ${why} (${summary(text, 30)})`);
}

/** The beginning of a body, in hexadecimal unless it is a JSON object. */
function summary(text: string, length: number): string {
  if (text === '') return '<empty>';
  const bytes = Buffer.from(text);
  const start = bytes.subarray(0, length).toString(text.startsWith('{') ? 'utf8' : 'hex');
  return bytes.length > length ? `${start} ...` : start;
}

function jsonKind(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `unknown field "spec.foo"` for each path. */
export function unknownFieldMessages(paths: readonly string[]): string[] {
  return paths.map((path) => `unknown field ${goQuote(path)}`);
}
