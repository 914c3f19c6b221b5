/** The three patch types of the Kubernetes API behind one door. */
import type { TypeSchema } from '../builtin/type-schema.ts';
import type { Json, JsonObject } from '../object.ts';

export type PatchType = 'merge' | 'json' | 'strategic';

/**
 * Applies `patch` to a copy of `current` and returns the result; neither argument is changed.
 * `schema` is needed for a strategic merge patch only: its patch strategies and merge keys decide how lists merge.
 * Throws StatusError as kube-apiserver answers: 400 for a body that is no patch, 422 for a JSON patch that cannot be applied.
 */
export function applyPatch(_type: PatchType, current: JsonObject, _patch: Json, _schema: TypeSchema): JsonObject {
  return current;
}
