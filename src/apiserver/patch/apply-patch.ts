/** The three patch types of the Kubernetes API behind one door. */
import type { TypeSchema } from '../builtin/type-schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { badRequest, StatusError } from '../status.ts';
import { applyJsonPatch, JsonPatchMismatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';
import { StrategicPatchError } from './strategic-patch-error.ts';

export type PatchType = 'merge' | 'json' | 'strategic';

/** The most operations a JSON patch may hold. */
const MAX_OPERATIONS = 10_000;

/**
 * Applies `patch` to a copy of `current` and returns the result; neither argument is changed.
 * `schema` is needed for a strategic merge patch only: its patch strategies and merge keys decide how lists merge.
 * Throws StatusError as kube-apiserver answers: 400 for a body that is no patch, 413 for too many operations, 422 for a JSON
 * patch that does not fit, 500 for a strategic merge patch whose items lack their merge key.
 */
export function applyPatch(type: PatchType, current: JsonObject, patch: Json, schema: TypeSchema): JsonObject {
  switch (type) {
    case 'merge':
      return applyMergePatch(current, patch);
    case 'json':
      return applyJson(current, patch);
    case 'strategic':
      return applyStrategic(current, patch, schema);
  }
}

function applyMergePatch(current: JsonObject, patch: Json): JsonObject {
  if (patch === null) throw badRequest('Invalid JSON Patch');
  if (!isJsonObject(patch))
    throw badRequest(`error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`);
  return structuredClone(mergePatch(current, patch)) as JsonObject;
}

function applyJson(current: JsonObject, patch: Json): JsonObject {
  if (patch === null) return structuredClone(current);
  if (!Array.isArray(patch)) {
    throw badRequest(`error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type []handlers.jsonPatchOp`);
  }
  if (patch.length > MAX_OPERATIONS) throw tooManyOperations(patch.length);
  const operations = patch.filter(isJsonObject);
  if (operations.length !== patch.length) {
    const odd = patch.find((item) => !isJsonObject(item)) ?? null;
    throw badRequest(`error decoding patch: json: cannot unmarshal ${goKind(odd)} into Go value of type handlers.jsonPatchOp`);
  }
  let result: Json;
  try {
    result = applyJsonPatch(current, operations);
  } catch (error) {
    if (error instanceof JsonPatchMismatch) throw unprocessable(error);
    throw error;
  }
  if (!isJsonObject(result)) throw unprocessable(new JsonPatchMismatch('the patch leaves no object'));
  return result;
}

function applyStrategic(current: JsonObject, patch: Json, schema: TypeSchema): JsonObject {
  if (patch === null) return structuredClone(current);
  if (!isJsonObject(patch)) throw badRequest(`json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`);
  try {
    return structuredClone(strategicMergePatch(current, patch, schema));
  } catch (error) {
    if (!(error instanceof StrategicPatchError)) throw error;
    throw error.code === 400 ? badRequest(error.message, { cause: error }) : serverError(error);
  }
}

function goKind(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** kube-apiserver does not say what is wrong; the cause keeps it. */
function unprocessable(cause: JsonPatchMismatch): StatusError {
  const message = 'the server rejected our request due to an error in our request';
  return failure(422, 'Invalid', message, cause, {});
}

function serverError(cause: StrategicPatchError): StatusError {
  return failure(500, undefined, cause.message, cause);
}

function tooManyOperations(count: number): StatusError {
  const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${count}`;
  return failure(413, 'RequestEntityTooLarge', message, undefined);
}

function failure(code: number, reason: string | undefined, message: string, cause: Error | undefined, details?: object): StatusError {
  return new StatusError(
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason !== undefined && { reason }),
      ...(details && { details }),
      code,
    },
    { cause },
  );
}
