import { z } from 'zod';
import { objectMetaSchema, type ObjectMeta } from '../api/object-meta.ts';
import { sleep, type Clock } from '../lib/clock.ts';
import { ApiError, isExpired, retryAfter, toApiError } from './api-error.ts';
import type { KubeClient, Selection, WatchEvent } from './client.ts';
import type { Log } from './log.ts';
import { apiVersionOf, keyOf, type ResourceRef } from './resource.ts';
import { backoff, initialState, step, type ReflectorInput, type ReflectorState, type StoreChange } from './reflector-state.ts';
import type { Store } from './store.ts';
import { noTelemetry, type KubeTelemetry, type WatchHealth } from './telemetry.ts';

export interface ReflectorOptions<T extends { readonly metadata: ObjectMeta }, Index extends string> {
  readonly client: KubeClient;
  readonly resource: ResourceRef;
  readonly selection?: Selection;
  /** Turns JSON into the kind; throws on what it cannot read. Such an object is logged, and its last readable version stays. */
  readonly parse: (object: unknown) => T;
  readonly store: Store<T, Index>;
  /**
   * Called with the key of every object that came, changed or went, after the store has it. It runs inside of the stream:
   * put the key into a queue, nothing else.
   */
  readonly onChange: (key: string) => void;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly pageSize?: number;
  /** A watch without a line for this long is given up, ms. Servers send a bookmark about once a minute. */
  readonly idleLimit?: number;
  /** Told how it goes, for metrics and readiness. */
  readonly telemetry?: KubeTelemetry | undefined;
  /** Called whenever the state changes. */
  readonly onState?: (phase: ReflectorState<T>['phase'], failures: number) => void;
}

const headSchema = z.object({ metadata: objectMetaSchema });

/** The reason a watchdog gives when it ends a watch. */
class IdleWatch extends Error {}

/**
 * Keeps a store equal to what the API server has: lists, watches, and does so again after every kind of failure, for ever.
 * Guarantees: after `whenSynced` the store holds a complete list; objects that went while nobody watched are removed by the
 * next list, and reported as changes like all others. It never throws at its user's and never stops but by its signal.
 */
export class Reflector<T extends { readonly metadata: ObjectMeta }, Index extends string = never> {
  readonly #options: ReflectorOptions<T, Index>;
  #state: ReflectorState<T> = initialState();
  /** Grows with every run: what an older one still hears is dropped. */
  #generation = 0;
  #synced = false;
  #lastContact: number | undefined;
  #failure: Error | undefined;
  readonly #onSync = new Set<() => void>();
  /** Objects that exist but could not be parsed; a list must not count them as gone. */
  #unreadable = new Set<string>();

  constructor(options: ReflectorOptions<T, Index>) {
    this.#options = options;
  }

  /** Whether the store has held a complete list. It stays true afterwards: stale is better than empty. */
  get synced(): boolean {
    return this.#synced;
  }

  /** When the server last sent anything, in the clock's monotonic ms: readiness is tied to it. */
  get lastContact(): number | undefined {
    return this.#lastContact;
  }

  /** Resolves once `synced`; rejects with the signal's reason. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    if (this.#synced) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#onSync.delete(done);
        reject(signal.reason as Error);
      };
      this.#onSync.add(done);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Runs until `signal` is aborted, then resolves. Run again, it goes on where it was; an older run then does no more. */
  async run(signal: AbortSignal): Promise<void> {
    const generation = ++this.#generation;
    const done = (this.#options.telemetry ?? noTelemetry).watch(() => this.#health());
    while (!signal.aborted && this.#generation === generation) {
      const input = await this.#perform(generation, signal);
      if (input !== undefined && this.#generation === generation) this.#apply(input);
    }
    done();
  }

  #health(): WatchHealth {
    const { resource } = this.#options;
    return { resource: resource.plural, synced: this.#synced, lastContact: this.#lastContact, failure: this.#failure };
  }

  /** Does what the state asks for; what comes of it at the end, if the state is still the same, is the next input. */
  async #perform(generation: number, signal: AbortSignal): Promise<ReflectorInput<T> | undefined> {
    const state = this.#state;
    this.#options.onState?.(state.phase, state.failures);
    try {
      switch (state.phase) {
        case 'Listing':
          return await this.#list(state.continue, signal);
        case 'Watching':
          if (state.doubtful && (await this.#wentBack(state.resourceVersion, signal))) return { type: 'wentBack' };
          return await this.#watch(state.resourceVersion, generation, signal);
        case 'Waiting': {
          const { clock, random } = this.#options;
          await sleep(clock, Math.max(backoff(state.failures, random), state.atLeast), signal);
          return { type: 'waited' };
        }
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      const expired = isExpired(error);
      const fields = { resource: this.#options.resource.plural, phase: state.phase, failures: state.failures, err: error };
      if (expired) this.#options.log.debug(fields, 'resource version expired, listing again');
      else {
        this.#failure = error as Error;
        this.#options.telemetry?.watchFailed(fields.resource);
        this.#options.log.warn(fields, 'cannot follow a resource, trying again');
      }
      const away = !(error instanceof ApiError) || error.code >= 500;
      return { type: 'failed', expired, away, retryAfter: retryAfter(error) };
    }
  }

  async #list(continueToken: string | undefined, signal: AbortSignal): Promise<ReflectorInput<T>> {
    const { client, resource, selection, pageSize } = this.#options;
    const query = { ...selection, limit: pageSize ?? 500, ...(continueToken === undefined ? {} : { continue: continueToken }) };
    const page = await client.list(resource, query, signal);
    this.#heard();
    if (continueToken === undefined) this.#unreadable = new Set();
    const items = page.items.flatMap((item) => this.#parse(item) ?? []);
    return { type: 'page', items, resourceVersion: page.resourceVersion, continue: page.continue };
  }

  /**
   * Whether the server knows less than this reflector: it was restored from a backup, or emptied. A watch would then stay silent until
   * the server has come to our version, however long that takes. Asked only after a failure: nobody restores a server that runs.
   */
  async #wentBack(resourceVersion: string, signal: AbortSignal): Promise<boolean> {
    const { client, resource, selection, log } = this.#options;
    const page = await client.list(resource, oneName(resource, selection), signal);
    this.#heard();
    const back = isEarlier(page.resourceVersion, resourceVersion);
    const fields = { resource: resource.plural, ours: resourceVersion, servers: page.resourceVersion };
    if (back) log.warn(fields, 'the API server went back in time, listing again');
    return back;
  }

  /** Follows one watch to its end. Undefined when an event has changed the state already. */
  async #watch(resourceVersion: string, generation: number, signal: AbortSignal): Promise<ReflectorInput<T> | undefined> {
    const { client, resource, selection, clock, random } = this.#options;
    const idleLimit = this.#options.idleLimit ?? 150_000;
    const started = clock.monotonic();
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const bite = (): void => stop.abort(new IdleWatch('nothing heard'));
    let cancelWatchdog = clock.setTimeout(bite, idleLimit);
    let failure: Error | undefined;
    const onEvent = (event: WatchEvent): void => {
      if (generation !== this.#generation || stop.signal.aborted) return;
      cancelWatchdog();
      cancelWatchdog = clock.setTimeout(bite, idleLimit);
      this.#heard();
      failure = this.#take(event);
      if (failure !== undefined) stop.abort(failure);
    };
    try {
      const timeoutSeconds = 300 + Math.floor(random() * 300);
      await client.watch(resource, { ...selection, resourceVersion, timeoutSeconds }, onEvent, stop.signal);
      return { type: 'ended', lived: clock.monotonic() - started, idle: false };
    } catch (error) {
      if (error instanceof IdleWatch) return { type: 'ended', lived: clock.monotonic() - started, idle: true };
      throw failure ?? error;
    } finally {
      cancelWatchdog();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Takes one line of a watch into the store; returns the error that an ERROR line tells. */
  #take(event: WatchEvent): Error | undefined {
    const { resource } = this.#options;
    if (event.type === 'ERROR') {
      const code = (event.object as { code?: unknown } | undefined)?.code;
      return toApiError(`watch ${resource.plural}`, typeof code === 'number' ? code : 500, event.object);
    }
    const head = headSchema.safeParse(event.type === 'BOOKMARK' ? withName(event.object) : event.object);
    const resourceVersion = head.data?.metadata.resourceVersion;
    if (!head.success || resourceVersion === undefined) {
      return toApiError(`watch ${resource.plural}`, 500, `a ${event.type} event has no resource version`);
    }
    if (event.type === 'BOOKMARK') {
      this.#apply({ type: 'bookmark', resourceVersion });
      return undefined;
    }
    const key = keyOf(head.data.metadata);
    if (event.type === 'DELETED') {
      this.#unreadable.delete(key);
      // Only the key matters of an object that is gone.
      this.#apply({ type: 'removed', key, resourceVersion });
      return undefined;
    }
    const object = this.#parse(event.object);
    if (object === undefined) this.#apply({ type: 'bookmark', resourceVersion });
    else this.#apply({ type: 'put', object, resourceVersion });
    return undefined;
  }

  #parse(item: unknown): T | undefined {
    const { resource, parse, log } = this.#options;
    try {
      // Servers leave apiVersion and kind out of built-in objects inside of lists and some watches.
      const object = parse({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...withoutManagedFields(item as object) });
      this.#unreadable.delete(keyOf(object.metadata));
      return object;
    } catch (error) {
      const head = headSchema.safeParse(item);
      if (head.success) this.#unreadable.add(keyOf(head.data.metadata));
      log.error({ resource: resource.plural, object: head.data?.metadata.name, err: error }, 'cannot read an object, going on without it');
      return undefined;
    }
  }

  #apply(input: ReflectorInput<T>): void {
    const { state, change } = step(this.#state, input);
    this.#state = state;
    if (change !== undefined) this.#change(change);
  }

  #change(change: StoreChange<T>): void {
    const { store } = this.#options;
    switch (change.type) {
      case 'put':
        if (store.upsert(change.object)) this.#tell(keyOf(change.object.metadata));
        return;
      case 'remove':
        if (store.delete(change.key)) this.#tell(change.key);
        return;
      case 'replace': {
        const changed = store.replace(change.items, this.#unreadable);
        this.#synced = true;
        for (const key of changed) this.#tell(key);
        for (const done of this.#onSync) done();
        this.#onSync.clear();
      }
    }
  }

  #tell(key: string): void {
    try {
      this.#options.onChange(key);
    } catch (error) {
      this.#options.log.error({ key, err: error }, 'a change handler failed');
    }
  }

  #heard(): void {
    this.#failure = undefined;
    this.#lastContact = this.#options.clock.monotonic();
  }
}

/**
 * What a server can list without going through all objects, and with its version of now: one name. By a selector of other fields it would
 * look at each, and it would be asked so by every agent just when it has too much to do.
 */
function oneName({ namespaced }: ResourceRef, selection: Selection | undefined): Selection {
  return { ...(namespaced && { namespace: selection?.namespace ?? 'default' }), fieldSelector: 'metadata.name=none' };
}

/** By the numbers that resource versions are; false where one is no number. */
function isEarlier(version: string, than: string): boolean {
  const number = /^\d+$/;
  return number.test(version) && number.test(than) && BigInt(version) < BigInt(than);
}

/** A bookmark's object carries a resource version and little else; a name is filled in to read it as all others. */
function withName(object: unknown): unknown {
  const metadata = (object as { metadata?: object } | undefined)?.metadata;
  return { metadata: { name: '', ...metadata } };
}

/** Nobody here reads managedFields, and they are often the bigger half of an object. */
function withoutManagedFields(object: object): object {
  const { metadata } = object as { metadata?: object };
  return metadata === undefined ? object : { ...object, metadata: { ...metadata, managedFields: undefined } };
}
