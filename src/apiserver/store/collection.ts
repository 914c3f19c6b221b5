/**
 * All objects of one storage (one resource, whatever its versions), in memory, with a bounded log of the latest changes:
 * it replays to watches, gives pages of a list a consistent snapshot, and undoes writes the disk refused.
 */
import type { Entry } from './entry.ts';

/** One change, in the order of revisions. For DELETED, `entry` is the last state with the deletion's revision. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly entry: Entry;
  readonly previous: Entry | undefined;
}

/** How much of the past a collection keeps, at most. */
export interface HistoryLimits {
  readonly events: number;
  /** Characters of JSON text. */
  readonly characters: number;
}

export class Collection {
  readonly #entries = new Map<string, Entry>();
  readonly #keys: string[] = [];
  readonly #limits: HistoryLimits;
  #log: StoreEvent[] = [];
  #logCharacters = 0;
  #forgotten: number;

  /** `revision`: the revision of the last change that the log will not know. */
  constructor(revision: number, limits: HistoryLimits) {
    this.#forgotten = revision;
    this.#limits = limits;
  }

  /** Changes after this revision are all in the log; a watch or snapshot from an older one is refused. */
  get oldest(): number {
    return this.#forgotten;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The newest state of an object, durable or not: what a write is judged against. */
  newest(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** All newest entries, in no particular order. */
  all(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** The state of an object at a revision the log reaches. */
  at(key: string, revision: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.revision <= revision) return entry;
    let state = entry;
    for (let i = this.#log.length - 1; i >= 0; i -= 1) {
      const event = this.#log[i];
      if (event === undefined || event.revision <= revision) break;
      if (event.entry.key === key) state = event.previous;
    }
    return state;
  }

  /**
   * The entries at `revision` in key order, whose key is above `after` and starts with `prefix`, at least the first `limit` of
   * them. The array is a snapshot: it does not change with later writes.
   */
  snapshot(revision: number, prefix: string, after = '', limit = Infinity): Entry[] {
    const undone = this.#undone(revision, prefix);
    const result: Entry[] = [];
    const [start, end] = this.#range(prefix, after);
    for (let i = start; i < end; i += 1) {
      const key = this.#keys[i] ?? '';
      if (undone.size > 0 && undone.has(key)) continue;
      const entry = this.#entries.get(key);
      if (entry !== undefined) result.push(entry);
      if (undone.size === 0 && result.length >= limit) return result;
    }
    let restored = false;
    for (const [key, entry] of undone) {
      if (entry === undefined || key <= after) continue;
      result.push(entry);
      restored = true;
    }
    if (restored) result.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return result;
  }

  /** How many entries `snapshot` without a limit would answer. */
  count(revision: number, prefix: string, after = ''): number {
    if (this.#undone(revision, prefix).size > 0) return this.snapshot(revision, prefix, after).length;
    const [start, end] = this.#range(prefix, after);
    return end - start;
  }

  /** Where the keys lie that start with `prefix` and are above `after`: first index, and the one past the last. */
  #range(prefix: string, after: string): [start: number, end: number] {
    // A prefix ends in a slash; the digit 0 is the character next to it.
    const end = prefix === '' ? this.#keys.length : lowerBound(this.#keys, `${prefix.slice(0, -1)}0`);
    const start = lowerBound(this.#keys, after > prefix ? after : prefix);
    return [this.#keys[start] === after ? start + 1 : start, end];
  }

  /** What each key changed after `revision` was before: undefined where it was not there. */
  #undone(revision: number, prefix: string): Map<string, Entry | undefined> {
    const undone = new Map<string, Entry | undefined>();
    for (let i = this.#log.length - 1; i >= 0; i -= 1) {
      const event = this.#log[i];
      if (event === undefined || event.revision <= revision) break;
      if (event.entry.key.startsWith(prefix)) undone.set(event.entry.key, event.previous);
    }
    return undone;
  }

  /** The logged changes with `after` < revision <= `upTo`, oldest first. `after` must not be below `oldest`. */
  changes(after: number, upTo: number): StoreEvent[] {
    return this.#log.filter((event) => event.revision > after && event.revision <= upTo);
  }

  /** Puts an entry in place without logging it: only while loading. */
  load(entry: Entry): void {
    this.#insert(entry);
  }

  /** Applies a change and logs it. */
  apply(event: StoreEvent): void {
    if (event.type === 'DELETED') this.#remove(event.entry.key);
    else this.#insert(event.entry);
    this.#log.push(event);
    this.#logCharacters += event.entry.text.length;
  }

  /** Undoes every change after `revision`. */
  rollBack(revision: number): void {
    for (let event = this.#log.at(-1); event !== undefined && event.revision > revision; event = this.#log.at(-1)) {
      this.#log.pop();
      this.#logCharacters -= event.entry.text.length;
      if (event.previous === undefined) this.#remove(event.entry.key);
      else this.#insert(event.previous);
    }
  }

  /** Forgets the oldest durable changes beyond the limits. */
  trim(durable: number): void {
    if (this.#log.length <= this.#limits.events && this.#logCharacters <= this.#limits.characters) return;
    // A quarter more goes than must, so that the array is not copied at every write.
    const events = this.#limits.events * 0.75;
    const characters = this.#limits.characters * 0.75;
    let drop = 0;
    for (const event of this.#log) {
      if ((this.#log.length - drop <= events && this.#logCharacters <= characters) || event.revision > durable) break;
      drop += 1;
      this.#logCharacters -= event.entry.text.length;
      this.#forgotten = event.revision;
    }
    this.#log = this.#log.slice(drop);
  }

  #insert(entry: Entry): void {
    if (!this.#entries.has(entry.key)) this.#keys.splice(lowerBound(this.#keys, entry.key), 0, entry.key);
    this.#entries.set(entry.key, entry);
  }

  #remove(key: string): void {
    if (!this.#entries.delete(key)) return;
    this.#keys.splice(lowerBound(this.#keys, key), 1);
  }
}

/** The index of the first element of a sorted array that is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
