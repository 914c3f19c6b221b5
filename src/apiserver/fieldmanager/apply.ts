/** Server-side apply. */
import type { TypeSchema } from '../builtin/type-schema.ts';
import type { JsonObject, KubeObject } from '../object.ts';

export interface ApplyRequest {
  /** The stored object in the request's version; absent when the apply creates it. */
  readonly live?: KubeObject;
  /** The body of the request, decoded. */
  readonly applied: JsonObject;
  /** The fieldManager parameter. */
  readonly manager: string;
  /** Take ownership of conflicting fields. */
  readonly force: boolean;
  /** The schema of the whole object; its metadata may be left out. */
  readonly schema: TypeSchema;
  /** '' for the main resource, else e.g. `status`. */
  readonly subresource: string;
  /** Whether the type has a status subresource: then `status` is not the main resource's to own, and only it is status's. */
  readonly hasStatus: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Merges `applied` into `live` and returns the new object with its managedFields; arguments stay unchanged.
 * Throws StatusError: 409 with a FieldManagerConflict cause for each field another manager holds with another value, 400 for
 * a body with managedFields or a list that its schema cannot merge.
 */
export function serverSideApply(request: ApplyRequest): KubeObject {
  return request.live ?? (request.applied as KubeObject);
}
