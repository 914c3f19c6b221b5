/** From a decoded body to an object of a resource: kind and version, types, unknown fields and defaults are settled here. */
import { isJsonObject, type Json, type KubeObject } from '../object.ts';
import { apiVersionOf, type Resource } from '../resource.ts';
import { badRequest } from '../status.ts';

/** An object whose metadata has the right types; `unknown` are paths of fields that were dropped. */
export interface Decoded {
  readonly object: KubeObject;
  readonly unknown: string[];
}

/** Checks kind and version, then decodes. Changes `body`. @throws StatusError 400 */
export function decodeObject(resource: Resource, body: Json): Decoded {
  const apiVersion = apiVersionOf(resource);
  if (!isJsonObject(body)) throw unrecognized(resource, `json: cannot unmarshal ${jsonKind(body)} into Go value`, body);
  const givenVersion = body['apiVersion'];
  const givenKind = body['kind'];
  if (typeof givenKind !== 'string' || givenKind === '')
    throw unrecognized(resource, `Object 'Kind' is missing in '${summary(body, 1000)}'`, body);
  if (typeof givenVersion !== 'string' || givenVersion === '') {
    throw unrecognized(resource, `Object 'apiVersion' is missing in '${summary(body, 1000)}'`, body);
  }
  if (givenVersion !== apiVersion) {
    throw badRequest(`the API version in the data (${givenVersion}) does not match the expected API version (${apiVersion})`);
  }
  if (givenKind !== resource.kind) {
    const version = givenVersion.split('/').at(-1) ?? '';
    throw badRequest(
      `${givenKind} in version ${JSON.stringify(version)} cannot be handled as a ${resource.kind}: ` +
        `converting (${apiVersion}, Kind=${givenKind}) to (${apiVersion}, Kind=${resource.kind}): unknown conversion`,
    );
  }
  const metadata = Object.hasOwn(body, 'metadata') ? (body['metadata'] ?? {}) : {};
  if (!isJsonObject(metadata))
    throw cannotHandle(resource, `json: cannot unmarshal ${jsonKind(metadata)} into Go struct field .metadata of type v1.ObjectMeta`);
  body['metadata'] = metadata;
  const object = body as KubeObject;
  const unknown = resource.decode(object);
  // A missing name is for validation to report.
  if (!Object.hasOwn(object.metadata, 'name')) object.metadata.name = '';
  return { object, unknown };
}

/** 400: the body is of the right kind, but its content is not. */
export function cannotHandle(resource: Resource, why: string): Error {
  return badRequest(`${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: ${why}`);
}

function unrecognized(resource: Resource, why: string, body: Json): Error {
  return badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): ${why} (${summary(body, 30)})`);
}

function summary(body: Json, length: number): string {
  const text = JSON.stringify(body);
  return text.length > length ? `${text.slice(0, length)} ...` : text;
}

function jsonKind(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `unknown field "spec.foo"` for each path. */
export function unknownFieldMessages(paths: readonly string[]): string[] {
  return paths.map((path) => `unknown field ${JSON.stringify(path)}`);
}
