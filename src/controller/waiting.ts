/** What is needed to find a waiting device again and to keep the order of age. */
export interface WaitingEntry {
  readonly key: string;
  /** As `typeKey` in world.ts. */
  readonly typeKey: string;
  readonly creationTimestamp: string;
  readonly uid: string;
}

function byAge(a: WaitingEntry, b: WaitingEntry): number {
  if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp ? -1 : 1;
  return a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0;
}

/**
 * The devices that wait for a place (or for a better one), by the type they want: a parent's news concern those that want one
 * of its types, and no others, however many devices there are.
 */
export class Waiting {
  readonly #entries = new Map<string, WaitingEntry>();
  readonly #byType = new Map<string, { readonly entries: Map<string, WaitingEntry>; sorted: string[] | undefined }>();

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  add(entry: WaitingEntry): void {
    this.delete(entry.key);
    this.#entries.set(entry.key, entry);
    const bucket = this.#byType.get(entry.typeKey) ?? { entries: new Map<string, WaitingEntry>(), sorted: undefined };
    bucket.entries.set(entry.key, entry);
    bucket.sorted = undefined;
    this.#byType.set(entry.typeKey, bucket);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const bucket = this.#byType.get(entry.typeKey);
    if (bucket === undefined) return;
    bucket.entries.delete(key);
    bucket.sorted = undefined;
    if (bucket.entries.size === 0) this.#byType.delete(entry.typeKey);
  }

  /** Keys of the devices that want a type, the oldest first. */
  ofType(typeKey: string): readonly string[] {
    const bucket = this.#byType.get(typeKey);
    if (bucket === undefined) return [];
    bucket.sorted ??= [...bucket.entries.values()].sort(byAge).map((entry) => entry.key);
    return bucket.sorted;
  }

  keys(): string[] {
    return [...this.#entries.keys()];
  }
}
