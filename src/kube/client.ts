import type { ObjectMeta } from '../api/object-meta.ts';
import type { ApiError, ConnectionError } from './api-error.ts';
import type { ObjectKey, ResourceRef } from './resource.ts';

/** An object as JSON, only its metadata typed. Parse it with the kind's schema before use. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** What is selected by a list or watch; all namespaces where `namespace` is left out. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListQuery extends Selection {
  readonly limit?: number;
  readonly continue?: string;
}

export interface ListPage {
  readonly resourceVersion: string;
  /** Token of the next page; undefined on the last. */
  readonly continue: string | undefined;
  /** With apiVersion and kind, which servers leave out in lists of built-in kinds. */
  readonly items: readonly unknown[];
}

export interface WatchQuery extends Selection {
  readonly resourceVersion: string;
  /** After this time the server ends the watch. */
  readonly timeoutSeconds: number;
}

/** One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR with its object (a Status for ERROR). */
export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Take over fields of other managers. */
  readonly force: boolean;
  readonly subresource?: 'status';
  /** The answer is the object as it would be; nothing is changed. */
  readonly dryRun?: boolean;
}

export interface PatchOptions {
  readonly subresource?: 'status';
  readonly fieldManager?: string;
}

export interface DeleteOptions {
  /** Precondition: delete only the object with this UID. */
  readonly uid?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/**
 * Raw JSON over HTTP to one API server. Every call rejects with ApiError (a refusal), ConnectionError (no answer) or the
 * signal's reason; `isRetryable` and `retryAfter` (api-error.ts) say which are worth another try. Nothing is retried here.
 */
export interface KubeClient {
  /** The object, or undefined if there is none. */
  get(resource: ResourceRef, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined>;
  list(resource: ResourceRef, query: ListQuery, signal: AbortSignal): Promise<ListPage>;
  create(
    resource: ResourceRef,
    object: object,
    options: { namespace?: string; fieldManager?: string },
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Replaces the object (PUT); refused with Conflict if `metadata.resourceVersion` is given and not the current one. */
  replace(resource: ResourceRef, key: ObjectKey, object: object, signal: AbortSignal): Promise<KubeObject>;
  /** Server-side apply. apiVersion, kind and name are filled in. */
  apply(resource: ResourceRef, key: ObjectKey, body: object, options: ApplyOptions, signal: AbortSignal): Promise<KubeObject>;
  patch(
    resource: ResourceRef,
    key: ObjectKey,
    type: 'json' | 'merge',
    body: unknown,
    options: PatchOptions,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** Resolves too when the object is gone already. */
  delete(resource: ResourceRef, key: ObjectKey, options: DeleteOptions, signal: AbortSignal): Promise<void>;
  /**
   * Watches until the server ends the stream, then resolves. `onEvent` is called in the stream and must not throw.
   * Rejects with ApiError on a refusal before the first event, ConnectionError when the stream breaks.
   */
  watch(resource: ResourceRef, query: WatchQuery, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
  /** Closes all connections; calls under way reject. */
  close(): Promise<void>;
}

/** One request as metrics see it. */
export interface RequestObservation {
  readonly verb: 'get' | 'list' | 'create' | 'replace' | 'apply' | 'patch' | 'delete' | 'watch';
  readonly resource: string;
  /** HTTP status code; 0 when there was no answer. */
  readonly code: number;
  /** Until the answer was read; of a watch, until the stream was open. */
  readonly seconds: number;
  /** Why it failed: a refusal or no answer. Left out when it succeeded or was given up by its sender. */
  readonly error?: ApiError | ConnectionError;
}
