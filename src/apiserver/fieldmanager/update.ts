/** managedFields kept by every write that is not an apply. */
import type { TypeSchema } from '../builtin/type-schema.ts';
import type { KubeObject } from '../object.ts';

export interface UpdateRequest {
  /** The stored object in the request's version; absent for a create. */
  readonly live?: KubeObject;
  /** The object about to be stored, after patching, defaulting and pruning; its managedFields are those the client sent. */
  readonly updated: KubeObject;
  /** The fieldManager parameter, or what `defaultManager` makes of the user agent. */
  readonly manager: string;
  readonly schema: TypeSchema;
  /** '' for the main resource, else e.g. `status`. */
  readonly subresource: string;
  readonly hasStatus: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Returns `updated` with the managedFields that the write leads to; arguments stay unchanged. Never throws. */
export function trackUpdate(request: UpdateRequest): KubeObject {
  return request.updated;
}

/** The manager's name when no fieldManager parameter was given: the user agent up to the first slash, cut to 128 characters. */
export function defaultManager(userAgent: string): string {
  return userAgent.split('/')[0]?.slice(0, 128) ?? '';
}
