/** What the table can hold. */
export interface Identified {
  readonly identity: { readonly uuid: string };
}

const smallest = 64;

/**
 * Devices by UUID: an open-addressing hash table with linear probing, at most half full. Not a Map, because a lookup there follows
 * a chain of strings all over the heap, and deleted keys stay in their chain until it grows: with 10,000 devices a create took 1.3
 * times as long as with 10, and twice as long when the same UUIDs came and went. Here a miss looks at one small array of numbers.
 */
export class UUIDTable<Item extends Identified> implements Iterable<Item> {
  /** The hash of the item in the same place, or 0 where there is none. */
  #hashes = new Uint32Array(smallest);
  #items: (Item | undefined)[] = Array.from({ length: smallest }, () => undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(uuid: string): Item | undefined {
    return this.#items[this.#placeOf(uuid)];
  }

  /** Takes an item whose UUID is not in the table. */
  add(item: Item): void {
    if (2 * (this.#size + 1) > this.#hashes.length) this.#grow();
    this.#put(item, hashOf(item.identity.uuid));
    this.#size++;
  }

  /** Takes out the item with this UUID, if there is one. */
  delete(uuid: string): void {
    const mask = this.#hashes.length - 1;
    let gap = this.#placeOf(uuid);
    if (this.#items[gap] === undefined) return;
    this.#size--;
    // Items after the gap that were pushed past it move up, so that no search ends there too early.
    for (let at = (gap + 1) & mask; this.#hashes[at] !== 0; at = (at + 1) & mask) {
      const hash = this.#hashes[at] ?? 0;
      if (((at - hash) & mask) < ((at - gap) & mask)) continue;
      this.#hashes[gap] = hash;
      this.#items[gap] = this.#items[at];
      gap = at;
    }
    this.#hashes[gap] = 0;
    this.#items[gap] = undefined;
  }

  /** All items, in no order. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }

  /** Where the item with this UUID is, or else a free place. */
  #placeOf(uuid: string): number {
    const mask = this.#hashes.length - 1;
    const hash = hashOf(uuid);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const found = this.#hashes[at];
      if (found === 0 || (found === hash && this.#items[at]?.identity.uuid === uuid)) return at;
    }
  }

  #put(item: Item, hash: number): void {
    const mask = this.#hashes.length - 1;
    let at = hash & mask;
    while (this.#hashes[at] !== 0) at = (at + 1) & mask;
    this.#hashes[at] = hash;
    this.#items[at] = item;
  }

  #grow(): void {
    const hashes = this.#hashes;
    const items = this.#items;
    this.#hashes = new Uint32Array(2 * hashes.length);
    this.#items = Array.from({ length: 2 * hashes.length }, () => undefined);
    for (const [place, item] of items.entries()) if (item !== undefined) this.#put(item, hashes[place] ?? 0);
  }
}

/** FNV-1a of the text, stirred so that its low bits depend on all; never 0. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 15;
  return hash >>> 0 || 1;
}
