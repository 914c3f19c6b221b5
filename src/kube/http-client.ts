import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import type { Clock } from '../lib/clock.ts';
import { ApiError, ConnectionError, toApiError } from './api-error.ts';
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  KubeObject,
  ListPage,
  ListQuery,
  PatchOptions,
  RequestObservation,
  WatchEvent,
  WatchQuery,
} from './client.ts';
import { Credentials } from './credentials.ts';
import { apiVersionOf, keyOf, resourcePath, type ObjectKey, type ResourceRef } from './resource.ts';
import type { OpenapiReader } from './served-schemas.ts';
import { readEvents } from './watch-stream.ts';

export interface HttpClientOptions {
  readonly config: KubeConfig;
  readonly clock: Clock;
  /** Sent as User-Agent. */
  readonly userAgent: string;
  /** After this time without an answer a request is given up, ms; 30 s if left out. A watch may then stream on for ever. */
  readonly requestTimeout?: number;
  /** Called after every request, for metrics. */
  readonly onRequest?: (observation: RequestObservation) => void;
}

/** What tells one request from another. */
interface Call {
  readonly verb: RequestObservation['verb'];
  readonly resource: ResourceRef;
  readonly key: { readonly namespace?: string | undefined; readonly name?: string };
  readonly method: Dispatcher.HttpMethod;
  readonly subresource?: 'status' | undefined;
  /** In place of the resource's. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Stands for the OpenAPI documents in messages and metrics. */
const openapiResource: ResourceRef = { group: '', version: '', plural: 'openapi', namespaced: false, kind: '' };

const patchTypes = { json: 'application/json-patch+json', merge: 'application/merge-patch+json' } as const;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's HTML page, say: kept as text, for the message.
    return text;
  }
}

/** KubeClient over HTTP/1.1 with kept connections. */
export class HttpClient implements KubeClient, OpenapiReader {
  readonly #options: HttpClientOptions;
  readonly #credentials: Credentials;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#credentials = new Credentials(options.config, options.clock);
  }

  async get(resource: ResourceRef, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined> {
    try {
      return (await this.#json({ verb: 'get', resource, key, method: 'GET' }, signal)) as KubeObject;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  async list(resource: ResourceRef, query: ListQuery, signal: AbortSignal): Promise<ListPage> {
    const { namespace, ...rest } = query;
    const list = (await this.#json({ verb: 'list', resource, key: { namespace }, method: 'GET', query: { ...rest } }, signal)) as {
      metadata?: { resourceVersion?: string; continue?: string };
      items?: object[] | null;
    };
    const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    return {
      resourceVersion: list.metadata?.resourceVersion ?? '',
      continue: list.metadata?.continue === '' ? undefined : list.metadata?.continue,
      items: (list.items ?? []).map((item) => ({ ...type, ...item })),
    };
  }

  async create(
    resource: ResourceRef,
    object: object,
    options: { namespace?: string; fieldManager?: string },
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const { namespace, ...query } = options;
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return (await this.#json({ verb: 'create', resource, key: { namespace }, method: 'POST', query, body }, signal)) as KubeObject;
  }

  async replace(resource: ResourceRef, key: ObjectKey, object: object, signal: AbortSignal): Promise<KubeObject> {
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return (await this.#json({ verb: 'replace', resource, key, method: 'PUT', body }, signal)) as KubeObject;
  }

  async apply(resource: ResourceRef, key: ObjectKey, body: object, options: ApplyOptions, signal: AbortSignal): Promise<KubeObject> {
    const metadata = 'metadata' in body && typeof body.metadata === 'object' ? body.metadata : {};
    const call: Call = {
      verb: 'apply',
      resource,
      key,
      method: 'PATCH',
      subresource: options.subresource,
      query: {
        fieldManager: options.fieldManager,
        force: options.force ? 'true' : undefined,
        dryRun: options.dryRun === true ? 'All' : undefined,
      },
      // JSON is YAML too.
      contentType: 'application/apply-patch+yaml',
      body: { ...body, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { ...metadata, ...key } },
    };
    return (await this.#json(call, signal)) as KubeObject;
  }

  async patch(
    resource: ResourceRef,
    key: ObjectKey,
    type: 'json' | 'merge',
    body: unknown,
    options: PatchOptions,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const { subresource, fieldManager } = options;
    const contentType = patchTypes[type];
    const call: Call = { verb: 'patch', resource, key, method: 'PATCH', subresource, query: { fieldManager }, contentType, body };
    return (await this.#json(call, signal)) as KubeObject;
  }

  async delete(resource: ResourceRef, key: ObjectKey, options: DeleteOptions, signal: AbortSignal): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(options.propagationPolicy === undefined ? {} : { propagationPolicy: options.propagationPolicy }),
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    };
    try {
      await this.#json({ verb: 'delete', resource, key, method: 'DELETE', body }, signal);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 404)) throw error;
    }
  }

  async watch(resource: ResourceRef, query: WatchQuery, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    const { namespace, ...rest } = query;
    const call: Call = {
      verb: 'watch',
      resource,
      key: { namespace },
      method: 'GET',
      query: { ...rest, watch: 'true', allowWatchBookmarks: 'true' },
    };
    await this.#send(call, signal, async (response, answered) => {
      answered();
      await readEvents(response.body, onEvent);
    });
  }

  async openapi(group: string, version: string, signal: AbortSignal): Promise<unknown> {
    const path = `/openapi/v3/apis/${group}/${version}`;
    try {
      return await this.#json({ verb: 'get', resource: openapiResource, key: {}, method: 'GET', path }, signal);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#credentials.close();
  }

  async #json(call: Call, signal: AbortSignal): Promise<unknown> {
    return this.#send(call, signal, async (response, answered) => {
      const text = await response.body.text();
      answered();
      return parse(text);
    });
  }

  /**
   * Sends one request; `read` takes a good answer and calls `answered` once the request timeout no longer matters.
   */
  async #send<T>(
    call: Call,
    signal: AbortSignal,
    read: (response: Dispatcher.ResponseData, answered: () => void) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const { clock } = this.#options;
    const started = clock.monotonic();
    const step = `${call.verb} ${call.resource.plural}${call.key.name === undefined ? '' : ` ${keyOf({ ...call.key, name: call.key.name })}`}`;
    const timeout = this.#options.requestTimeout ?? 30_000;
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const cancelTimer = clock.setTimeout(() => {
      stop.abort(new ConnectionError(`Cannot ${step}: no answer within ${timeout / 1000} s`));
    }, timeout);
    let code = 0;
    let failure: ApiError | ConnectionError | undefined;
    let observed = false;
    const answered = (): void => {
      cancelTimer();
      if (observed) return;
      observed = true;
      const seconds = (clock.monotonic() - started) / 1000;
      const error = failure === undefined ? {} : { error: failure };
      this.#options.onRequest?.({ verb: call.verb, resource: call.resource.plural, code, seconds, ...error });
    };
    try {
      const response = await this.#request(call, stop.signal);
      code = response.statusCode;
      if (code >= 200 && code < 300) return await read(response, answered);
      if (code === 401) this.#credentials.expire();
      const header = response.headers['retry-after'];
      const body = parse(await response.body.text());
      throw toApiError(step, code, body, typeof header === 'string' ? header : undefined);
    } catch (error) {
      const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
      if (signal.aborted) throw reason;
      failure =
        reason instanceof ApiError || reason instanceof ConnectionError
          ? reason
          : new ConnectionError(`Cannot ${step}: ${(reason as Error).message}`, { cause: reason });
      throw failure;
    } finally {
      answered();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #request(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const session = await this.#credentials.current();
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) search.set(name, String(value));
    const query = search.size === 0 ? '' : `?${search.toString()}`;
    return session.dispatcher.request({
      origin: session.origin,
      path: `${session.prefix}${call.path ?? resourcePath(call.resource, call.key, call.subresource)}${query}`,
      method: call.method,
      headers: {
        ...session.headers,
        accept: 'application/json',
        'user-agent': this.#options.userAgent,
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
      // Time limits are ours, by the injected clock: the request's, and the reflector's watchdog.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }
}
