/**
 * One watch: the state it begins with, then every durable change that its selection sees.
 * Guarantees: events come in the order of revisions, none twice, none missing; a client that does not keep up is cut off
 * (it lists again) instead of being buffered for without bound.
 */
import { randomInt } from 'node:crypto';
import type { Api } from '../api.ts';
import type { ListOptions } from '../request/options.ts';
import { isSelected, type Selection } from '../rest/list.ts';
import { expired, StatusError, timeout } from '../status.ts';
import type { StoreEvent } from '../store/collection.ts';
import type { Entry } from '../store/entry.ts';
import { bookmarkFrame, entryAsOf, entryFrame, errorFrame, type FrameCache, type WatchForm } from './frames.ts';

/** Where the bytes of a watch go. */
export interface WatchSink {
  /** False: full; no more is written until `drained` of the watch is called. */
  write(bytes: Uint8Array): boolean;
  /** No more comes; `cut` when the client missed something. */
  end(cut: boolean): void;
}

export interface WatchRequest {
  readonly selection: Selection;
  readonly options: ListOptions;
  readonly form: WatchForm;
}

type Item =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: Entry; readonly initial?: true }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly error: StatusError };

/** Events a client may lag behind before it is cut. */
const maxLag = 2000;
const bookmarkInterval = 60_000;
const minimumTimeoutSeconds = 1800;

export class Watch {
  readonly #api: Api;
  readonly #request: WatchRequest;
  readonly #cache: FrameCache;
  readonly #queue: Item[] = [];
  #next = 0;
  #lag = 0;
  #sink: WatchSink | undefined;
  #full = false;
  #first = true;
  #since = 0;
  #ended = false;
  readonly #cleanups: (() => void)[] = [];
  #cancelBookmark: () => void = () => undefined;

  constructor(api: Api, request: WatchRequest, cache: FrameCache) {
    this.#api = api;
    this.#request = request;
    this.#cache = cache;
  }

  /** Begins to write to `sink`. @throws StatusError when the watch cannot begin at all */
  start(sink: WatchSink): void {
    const { store, clock, registry } = this.#api;
    const { selection, options } = this.#request;
    const { resource } = selection;
    this.#sink = sink;
    this.#since = store.durableRevision;
    this.#enqueueStart();
    this.#cleanups.push(
      store.subscribe(resource.storage, (event) => {
        this.#onEvent(event);
      }),
      registry.onChange(() => {
        if (!registry.isCurrent(resource)) this.stop();
      }),
      clock.setTimeout(
        () => {
          this.#onTimeout();
        },
        1000 *
          (options.timeoutSeconds !== undefined && options.timeoutSeconds > 0
            ? options.timeoutSeconds
            : minimumTimeoutSeconds + randomInt(minimumTimeoutSeconds)),
      ),
    );
    if (options.allowWatchBookmarks) this.#scheduleBookmark();
    this.#flush();
  }

  /** The sink can take more. */
  drained(): void {
    this.#full = false;
    this.#flush();
  }

  /** Ends the watch; safe to call again. */
  stop(cut = false): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cleanup of this.#cleanups) cleanup();
    this.#cancelBookmark();
    this.#queue.length = 0;
    this.#sink?.end(cut);
  }

  #enqueueStart(): void {
    const { store } = this.#api;
    const { selection, options } = this.#request;
    const collection = store.collection(selection.resource.storage);
    const { resourceVersion, sendInitialEvents } = options;
    const now = store.durableRevision;
    if (resourceVersion !== undefined && resourceVersion > now) {
      // Seen when the server was restored from an older state: the client must list again.
      const error =
        sendInitialEvents === true
          ? timeout(`Too large resource version: ${resourceVersion}, current: ${now}`, 1, {
              reason: 'ResourceVersionTooLarge',
              message: 'Too large resource version',
            })
          : expired(`too large resource version: ${resourceVersion} (${now})`);
      this.#queue.push({ type: 'ERROR', error });
      return;
    }
    const fromState = sendInitialEvents ?? (resourceVersion === undefined || resourceVersion === 0);
    if (fromState) {
      const prefix = selection.namespace === '' ? '' : `${selection.namespace}/`;
      for (const entry of collection.snapshot(now, prefix))
        if (isSelected(selection, entry)) this.#queue.push({ type: 'ADDED', entry, initial: true });
      if (sendInitialEvents === true && options.allowWatchBookmarks)
        this.#queue.push({ type: 'BOOKMARK', revision: now, initialEventsEnd: true });
      return;
    }
    if (resourceVersion === undefined || resourceVersion === 0) return;
    if (resourceVersion < collection.oldest) {
      this.#queue.push({ type: 'ERROR', error: expired(`too old resource version: ${resourceVersion} (${collection.oldest})`) });
      return;
    }
    for (const event of collection.changes(resourceVersion, now)) this.#enqueueEvent(event);
  }

  #onEvent(event: StoreEvent): void {
    // A watch that began while a group of changes was being told has seen the rest of them already.
    if (this.#ended || event.revision <= this.#since) return;
    this.#since = event.revision;
    if (!this.#enqueueEvent(event)) return;
    this.#lag += 1;
    if (this.#lag > maxLag) {
      this.stop(true);
      return;
    }
    this.#flush();
  }

  /** False when the selection does not see the change. */
  #enqueueEvent(event: StoreEvent): boolean {
    const { selection } = this.#request;
    const { entry, previous } = event;
    const was = previous !== undefined && isSelected(selection, previous);
    const is = event.type !== 'DELETED' && isSelected(selection, entry);
    if (is) this.#queue.push({ type: was ? 'MODIFIED' : 'ADDED', entry });
    else if (was && event.type === 'DELETED') this.#queue.push({ type: 'DELETED', entry });
    else if (was) this.#queue.push({ type: 'DELETED', entry: entryAsOf(this.#cache, previous, event.revision) });
    return is || was;
  }

  #scheduleBookmark(): void {
    this.#cancelBookmark = this.#api.clock.setTimeout(
      () => {
        this.#queue.push({ type: 'BOOKMARK', revision: this.#since, initialEventsEnd: false });
        this.#flush();
        if (!this.#ended) this.#scheduleBookmark();
      },
      bookmarkInterval + randomInt(bookmarkInterval / 4),
    );
  }

  #onTimeout(): void {
    if (this.#request.options.allowWatchBookmarks && this.#next >= this.#queue.length) {
      this.#queue.push({ type: 'BOOKMARK', revision: this.#since, initialEventsEnd: false });
      this.#flush();
    }
    this.stop();
  }

  #flush(): void {
    const sink = this.#sink;
    while (sink !== undefined && !this.#full && !this.#ended) {
      const item = this.#queue[this.#next];
      if (item === undefined) {
        this.#queue.length = 0;
        this.#next = 0;
        this.#lag = 0;
        return;
      }
      this.#next += 1;
      this.#full = !sink.write(this.#bytesOf(item));
      if (item.type === 'ERROR') this.stop();
    }
  }

  #bytesOf(item: Item): Uint8Array {
    const { selection, form } = this.#request;
    switch (item.type) {
      case 'BOOKMARK':
        return bookmarkFrame(selection.resource, form, item.revision, item.initialEventsEnd);
      case 'ERROR':
        return errorFrame(item.error.status);
      default: {
        const first = this.#first;
        this.#first = false;
        // What is there at the beginning is told once; only changes are told to many at a time.
        const cache = item.initial === true ? undefined : this.#cache;
        return entryFrame(cache, selection.resource, form, item.type, item.entry, first, this.#api.clock.now());
      }
    }
  }
}
