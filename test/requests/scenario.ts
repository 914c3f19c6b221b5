/** What a scenario is, and short forms for the objects in it. */
import type { Json, Session } from './session.ts';

export interface Scenario {
  /** Unique; also the name of its recording, and part of that of its namespace. */
  readonly name: string;
  /**
   * What comes out depends on whether a second has passed: managedFields are ordered by their times, and a new order is
   * a change. To be had at the beginning of a second, or with a clock that stands.
   */
  readonly withinOneSecond?: boolean;
  run(session: Session): Promise<void>;
}

export const api = '/apis/mediated.dev/v1alpha1';
export const mergePatch = 'application/merge-patch+json';
export const jsonPatch = 'application/json-patch+json';
export const strategicPatch = 'application/strategic-merge-patch+json';
export const applyPatch = 'application/apply-patch+yaml';

/** A good MdevDevice. */
export function device(name: string, spec: Json = {}, metadata: Json = {}): Json {
  return {
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: { name, ...metadata },
    spec: { type: { id: 'mtty-1' }, ...spec },
  };
}

/** A good MdevParent; cluster-scoped, so its name should hold the scenario's namespace. */
export function parent(name: string, spec: Json = {}, metadata: Json = {}): Json {
  return {
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevParent',
    metadata: { name, ...metadata },
    spec: { nodeName: 'node-1', parent: 'mtty', ...spec },
  };
}

/** metadata of an answer. */
export function metadataOf(body: Json): { name: string; uid: string; resourceVersion: string; continue?: string } {
  return body['metadata'] as { name: string; uid: string; resourceVersion: string };
}

/** items of a list. */
export function itemsOf(body: Json): Json[] {
  return (body['items'] ?? []) as Json[];
}

/** The names in a list, for answers of which only the selection counts. */
export function names(body: Json): unknown {
  return { names: itemsOf(body).map((item) => metadataOf(item).name), ...listMeta(body) };
}

function listMeta(body: Json): Json {
  const { continue: token, remainingItemCount } = (body['metadata'] ?? {}) as { continue?: string; remainingItemCount?: number };
  return { ...(token && { more: true }), ...(remainingItemCount !== undefined && { remainingItemCount }) };
}
