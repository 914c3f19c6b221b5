/**
 * Ordering and durability of all writes.
 *
 * Guarantees: a write is applied in memory and given its revision at once; its promise resolves, and watchers hear of it, only
 * when it is on disk. Readers see the state at `durableRevision`, never a write that could still be lost. When the disk refuses
 * a group of writes, they and all queued behind them are undone and their promises rejected.
 * Revisions only grow, over restarts too.
 */
import { internalError } from '../status.ts';
import { Collection, type HistoryLimits, type StoreEvent } from './collection.ts';
import { createEntry, type Entry, entryFromRow, entryKey, parseEntry } from './entry.ts';
import { type Journal, openJournal } from './journal.ts';
import type { KubeObject } from '../object.ts';

/** A durable change, with the storage it happened in. */
export type StoreListener = (storage: string, event: StoreEvent) => void;

export interface ObjectStoreOptions {
  /** The database file. */
  readonly path: string;
  readonly history?: HistoryLimits;
  /** Bounds the file, in pages of 4 KiB; for tests. */
  readonly maxPages?: number;
}

interface Pending {
  readonly storage: string;
  readonly event: StoreEvent;
  readonly durable: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A write that is in memory and on its way to the disk. */
export interface Write {
  readonly entry: Entry;
  /** Resolves when the write is durable; rejects with an InternalError when it was undone. */
  readonly durable: Promise<void>;
}

const defaultHistory: HistoryLimits = { events: 2000, characters: 4 * 1024 * 1024 };

export class ObjectStore {
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Set<StoreListener>();
  readonly #subscribers = new Map<string, Set<(event: StoreEvent) => void>>();
  readonly #history: HistoryLimits;
  #pending: Pending[] = [];
  #untold: Pending[] = [];
  #settling: { readonly revision: number; readonly resolve: () => void }[] = [];
  #journal: Journal | undefined;
  #revision = 0;
  #durable = 0;
  #loaded = 0;
  #closed = false;
  #problem: string | undefined;

  private constructor(history: HistoryLimits) {
    this.#history = history;
  }

  /** Opens the file and loads every object. @throws Error when the file is locked, unreadable or holds no objects of ours. */
  static async open(options: ObjectStoreOptions): Promise<ObjectStore> {
    const store = new ObjectStore(options.history ?? defaultHistory);
    const listener = {
      durable: (count: number) => {
        store.#acknowledge(count);
      },
      failed: (cause: Error) => {
        store.#rollBack(cause);
      },
    };
    const { journal, loaded } = await openJournal({ path: options.path, maxPages: options.maxPages }, listener);
    store.#journal = journal;
    store.#revision = loaded.revision;
    store.#durable = loaded.revision;
    store.#loaded = loaded.revision;
    try {
      for (const row of loaded.rows) store.collection(row.storage).load(entryFromRow(row));
    } catch (error) {
      await journal.close();
      throw error;
    }
    return store;
  }

  /** The newest revision that readers may see. */
  get durableRevision(): number {
    return this.#durable;
  }

  /** Why the last write did not reach the disk; undefined when it did. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The objects of one storage; an unknown name is an empty collection. */
  collection(storage: string): Collection {
    let collection = this.#collections.get(storage);
    if (collection === undefined) {
      collection = new Collection(this.#loaded, this.#history);
      this.#collections.set(storage, collection);
    }
    return collection;
  }

  /** The names of all storages that were ever touched. */
  storages(): string[] {
    return [...this.#collections.keys()];
  }

  /** The durable state of an object. */
  get(storage: string, namespace: string, name: string): Entry | undefined {
    return this.collection(storage).at(entryKey(namespace, name), this.#durable);
  }

  /** Creates or replaces; sets `object.metadata.resourceVersion`. The caller has judged it against `newest`. */
  put(storage: string, object: KubeObject, tag: string): Write {
    const revision = this.#reserve();
    object.metadata.resourceVersion = String(revision);
    const entry = createEntry(object, revision, tag);
    const previous = this.collection(storage).newest(entry.key);
    return this.#commit(storage, { type: previous === undefined ? 'ADDED' : 'MODIFIED', revision, entry, previous });
  }

  /** Removes an object that exists; `last` may give the state that watchers are told, by default the stored one. */
  remove(storage: string, previous: Entry, last: KubeObject = parseEntry(previous)): Write {
    const revision = this.#reserve();
    last.metadata.resourceVersion = String(revision);
    return this.#commit(storage, { type: 'DELETED', revision, entry: createEntry(last, revision, previous.tag), previous });
  }

  /** Resolves when this state of an object is durable. @throws StatusError InternalError when it was undone */
  async confirm(entry: Entry): Promise<void> {
    if (entry.revision > this.#durable) await this.#pending.find(({ event }) => event.entry === entry)?.durable;
  }

  /** Resolves when every write made so far is durable or undone. */
  async settled(): Promise<void> {
    const last = this.#pending.at(-1);
    if (last === undefined) return;
    await new Promise<void>((resolve) => this.#settling.push({ revision: last.event.revision, resolve }));
  }

  /** Calls `listener` with every durable change of every storage, in order, before its writer is told; the returned function ends it. */
  listen(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Calls `subscriber` with every durable change of one storage, in order, soon after it became durable; the returned function
   * ends it.
   */
  subscribe(storage: string, subscriber: (event: StoreEvent) => void): () => void {
    const subscribers = this.#subscribers.get(storage) ?? new Set();
    this.#subscribers.set(storage, subscribers);
    subscribers.add(subscriber);
    return () => {
      subscribers.delete(subscriber);
    };
  }

  /** Makes what is queued durable and closes the file. Later writes throw. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#journal?.close();
  }

  #reserve(): number {
    if (this.#closed) throw internalError('the store is closed');
    this.#revision += 1;
    return this.#revision;
  }

  #commit(storage: string, event: StoreEvent): Write {
    const { entry } = event;
    this.collection(storage).apply(event);
    const { promise: durable, resolve, reject } = Promise.withResolvers<undefined>();
    this.#pending.push({ storage, event, durable, resolve: () => resolve(undefined), reject });
    this.#journal?.append({
      storage,
      namespace: entry.namespace,
      name: entry.name,
      revision: event.revision,
      tag: entry.tag,
      json: event.type === 'DELETED' ? undefined : entry.text,
    });
    return { entry, durable };
  }

  #acknowledge(count: number): void {
    this.#problem = undefined;
    const done = this.#pending.splice(0, count);
    for (const { storage, event } of done) {
      this.#durable = event.revision;
      const collection = this.collection(storage);
      collection.trim(this.#durable);
    }
    // Writers are answered first: their promises' reactions run before the next group comes back.
    for (const { resolve } of done) resolve();
    this.#settle();
    for (const { storage, event } of done) for (const listener of [...this.#listeners]) listener(storage, event);
    if (this.#untold.length === 0) setImmediate(() => this.#tellSubscribers());
    this.#untold.push(...done);
  }

  /** In a turn of its own: hundreds of watches must not hold up the answers of the writers. */
  #tellSubscribers(): void {
    const untold = this.#untold;
    this.#untold = [];
    for (const { storage, event } of untold) {
      for (const subscriber of [...(this.#subscribers.get(storage) ?? [])]) subscriber(event);
    }
  }

  #rollBack(cause: Error): void {
    this.#problem = cause.message;
    const lost = this.#pending;
    this.#pending = [];
    for (const collection of this.#collections.values()) collection.rollBack(this.#durable);
    for (const { reject } of lost) reject(internalError(cause.message, cause));
    this.#settle();
  }

  #settle(): void {
    const open = this.#pending.length === 0 ? Infinity : this.#durable;
    for (const waiter of this.#settling) if (waiter.revision <= open) waiter.resolve();
    this.#settling = this.#settling.filter((waiter) => waiter.revision > open);
  }
}
