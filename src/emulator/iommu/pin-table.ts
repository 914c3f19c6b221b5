/** Pages of a slot: 2 MiB of addresses. */
export const slotPages = 512;
/** Slots that a node names. */
const nodeSlots = 64;
/** A count that stands for one in the map of high counts. */
const many = 255;
/** The most pages that one table numbers: 8 TiB. */
export const maxPages = 2 ** 31 - 1;

/**
 * How often one device holds each page of one mapping pinned. Pages are counted from the start of the mapping. It costs a byte a page in
 * slots of 512, and nothing for slots where nothing is pinned; slots are found by a tree of two levels, all in a few flat arrays, so
 * that looking a page up touches three places in memory. (The kernel keeps a node a page in a red-black tree: struct vfio_pfn,
 * drivers/vfio/vfio_iommu_type1.c.)
 *
 * Slot 0 and node 0 stand for all that is not there: they are empty for ever. A table of at most 512 pages has slot 0 only, and uses it.
 */
export class PinTable implements Iterable<number> {
  /** How many pages are pinned; see `grow` and `shrink`. */
  pages = 0;
  /** The most that were since slots were let go of last. */
  #most = 0;
  /** How often each page is pinned, 0 for not at all, at its `index`. Replaced when a page is added. */
  counts: Uint8Array;
  readonly #small: boolean;
  /** The node of each 64 slots of the mapping. */
  #top: Uint32Array;
  /** Each node's slots. */
  #nodes: Uint32Array;
  #slots = 1;
  #nodeCount = 1;
  readonly #highCounts = new Map<number, number>();

  /** @param mappingPages how many pages the mapping has; those past 8 TiB have no place in the table */
  constructor(mappingPages: number) {
    const length = Math.min(mappingPages, maxPages);
    this.#small = length <= slotPages;
    this.counts = new Uint8Array(this.#small ? length : slotPages * 2);
    this.#top = new Uint32Array(Math.ceil(length / (slotPages * nodeSlots)));
    this.#nodes = new Uint32Array(this.#small ? 1 : nodeSlots * 2);
  }

  /** Where `counts` has the page; where that is 0 the page is not pinned. */
  index(page: number): number {
    const node = this.#top[page >>> 15] ?? 0;
    const slot = this.#nodes[(node << 6) | ((page >>> 9) & 63)] ?? 0;
    return (slot << 9) | (page & 511);
  }

  /** How often the page is pinned. */
  count(page: number): number {
    const count = this.counts[this.index(page)] ?? 0;
    return count === many ? (this.#highCounts.get(page) ?? many) : count;
  }

  /** Pins `count` pages from `page` on, none of them pinned and all of one slot. @param index `index(page)` */
  add(page: number, index: number, count: number): void {
    const to = index >= slotPages || this.#small ? index : this.#newSlot(page) * slotPages + (page & 511);
    if (count === 1) this.counts[to] = 1;
    else this.counts.fill(1, to, to + count);
  }

  /** Counts one more pin of a page that is pinned. */
  increment(page: number): void {
    const index = this.index(page);
    const count = (this.counts[index] ?? 0) + 1;
    this.counts[index] = Math.min(count, many);
    if (count >= many) this.#highCounts.set(page, (this.#highCounts.get(page) ?? many - 1) + 1);
  }

  /** Counts one pin less of a page that is pinned more than once. */
  decrement(page: number): void {
    const count = this.count(page) - 1;
    if (count >= many) this.#highCounts.set(page, count);
    else {
      this.#highCounts.delete(page);
      this.counts[this.index(page)] = count;
    }
  }

  /** Takes out `count` pages, each pinned once and all of one slot. @param index `index` of the first */
  remove(index: number, count: number): void {
    if (count === 1) this.counts[index] = 0;
    else this.counts.fill(0, index, index + count);
  }

  /** All pages that are pinned, in order. */
  *[Symbol.iterator](): Generator<number> {
    const slots = this.#small ? 1 : this.#top.length * nodeSlots;
    for (let number = 0; number < slots; number++) {
      const first = number * slotPages;
      const index = this.index(first);
      if (index < slotPages && !this.#small) continue;
      for (let offset = 0; offset < slotPages; offset++) if ((this.counts[index + offset] ?? 0) !== 0) yield first + offset;
    }
  }

  /** Counts pages that were added. */
  grow(pages: number): void {
    this.pages += pages;
    this.#most = Math.max(this.#most, this.pages);
  }

  /** Counts pages that were removed, and lets go of slots when three quarters of the pages are gone since the last time: the cost is spread over them. */
  shrink(pages: number): void {
    this.pages -= pages;
    if (this.#small || this.pages > this.#most >> 2) return;
    this.#most = this.pages;
    if (this.pages === 0) this.#clear(1);
    else if (this.#slots > 16) this.#compact();
  }

  #newSlot(page: number): number {
    let node = this.#top[page >>> 15] ?? 0;
    if (node === 0) {
      node = this.#nodeCount++;
      this.#top[page >>> 15] = node;
      if (node * nodeSlots >= this.#nodes.length) this.#nodes = copied(this.#nodes, new Uint32Array(this.#nodes.length * 2));
    }
    const slot = this.#slots++;
    // By a half, so that at most a third of the slots is not used; what was never touched costs no memory anyway.
    if (slot * slotPages >= this.counts.length) this.counts = copied(this.counts, new Uint8Array(Math.ceil(slot * 1.5) * slotPages));
    this.#nodes[(node << 6) | ((page >>> 9) & 63)] = slot;
    return slot;
  }

  /** Moves the slots in which something is pinned into new arrays. */
  #compact(): void {
    const before = this.counts;
    const words = new Uint32Array(before.buffer);
    const kept: (readonly [page: number, index: number])[] = [];
    for (let page = 0; page < this.#top.length * slotPages * nodeSlots; page += slotPages) {
      const index = this.index(page);
      if (index >= slotPages && !isZero(words, index >> 2, (index + slotPages) >> 2)) kept.push([page, index]);
    }
    this.#clear(kept.length);
    for (const [page, index] of kept) this.counts.set(before.subarray(index, index + slotPages), this.#newSlot(page) * slotPages);
  }

  /** Forgets all slots, and makes room for this many. */
  #clear(slots: number): void {
    this.#slots = 1;
    this.#nodeCount = 1;
    this.#top.fill(0);
    this.counts = new Uint8Array((slots + 1) * slotPages);
    this.#nodes = new Uint32Array(nodeSlots * 2);
  }
}

function isZero(words: Uint32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (words[at] !== 0) return false;
  return true;
}

/** What `array` has, in a larger one. (Not by ArrayBuffer.transfer: once any buffer was detached, V8 checks for it at every access to an array.) */
function copied<A extends { set(array: A): void }>(array: A, larger: A): A {
  larger.set(array);
  return larger;
}
