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
  /** How many pages are pinned. */
  pages = 0;
  /** How often each page is pinned, 0 for not at all, at its `index`. Replaced when a page is added. */
  counts: Uint8Array;
  readonly #small: boolean;
  /** The node of each 64 slots of the mapping. */
  #top: Uint32Array;
  /** Each node's slots. */
  #nodes: Uint32Array;
  /** How many pages of each slot are pinned. */
  #used: Uint16Array;
  #slots = 1;
  #nodeCount = 1;
  readonly #freeSlots: number[] = [];
  readonly #highCounts = new Map<number, number>();

  /** @param mappingPages how many pages the mapping has; those past 8 TiB have no place in the table */
  constructor(mappingPages: number) {
    const length = Math.min(mappingPages, maxPages);
    this.#small = length <= slotPages;
    this.counts = new Uint8Array(this.#small ? length : slotPages * 2);
    this.#top = new Uint32Array(Math.ceil(length / (slotPages * nodeSlots)));
    this.#nodes = new Uint32Array(this.#small ? 1 : nodeSlots * 2);
    this.#used = new Uint16Array(2);
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
    const slot = to >>> 9;
    this.#used[slot] = (this.#used[slot] ?? 0) + count;
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

  /** Takes out `count` pages from `page` on, each pinned once and all of one slot. @param index `index(page)` */
  remove(page: number, index: number, count: number): void {
    if (count === 1) this.counts[index] = 0;
    else this.counts.fill(0, index, index + count);
    const slot = index >>> 9;
    const used = (this.#used[slot] ?? 0) - count;
    this.#used[slot] = used;
    if (used === 0 && !this.#small) this.#free(page, slot);
  }

  /** All pages that are pinned, in order. */
  *[Symbol.iterator](): Generator<number> {
    const slots = this.#small ? 1 : this.#top.length * nodeSlots;
    for (let number = 0; number < slots; number++) {
      const first = number * slotPages;
      const index = this.index(first);
      if (this.#used[index >>> 9] === 0) continue;
      for (let offset = 0; offset < slotPages; offset++) if ((this.counts[index + offset] ?? 0) !== 0) yield first + offset;
    }
  }

  #newSlot(page: number): number {
    let node = this.#top[page >>> 15] ?? 0;
    if (node === 0) {
      node = this.#nodeCount++;
      this.#top[page >>> 15] = node;
      if (node * nodeSlots >= this.#nodes.length) this.#nodes = copied(this.#nodes, new Uint32Array(this.#nodes.length * 2));
    }
    const slot = this.#freeSlots.pop() ?? this.#slots++;
    if (slot >= this.#used.length) {
      // By a half, so that at most a third of the slots is not used; what was never touched costs no memory anyway.
      const slots = Math.ceil(slot * 1.5);
      this.#used = copied(this.#used, new Uint16Array(slots));
      this.counts = copied(this.counts, new Uint8Array(slots * slotPages));
    }
    this.#nodes[(node << 6) | ((page >>> 9) & 63)] = slot;
    return slot;
  }

  #free(page: number, slot: number): void {
    const node = this.#top[page >>> 15] ?? 0;
    this.#nodes[(node << 6) | ((page >>> 9) & 63)] = 0;
    this.#freeSlots.push(slot);
  }

  /** Counts pages that were removed; with the last goes all memory but that of one slot. */
  shrink(pages: number): void {
    this.pages -= pages;
    if (this.pages > 0 || this.#small) return;
    this.#freeSlots.length = 0;
    this.#slots = 1;
    if (this.#used.length === 2) return;
    this.#top.fill(0);
    this.#nodeCount = 1;
    this.counts = new Uint8Array(slotPages * 2);
    this.#nodes = new Uint32Array(nodeSlots * 2);
    this.#used = new Uint16Array(2);
  }
}

/** What `array` has, in a larger one. (Not by ArrayBuffer.transfer: once any buffer was detached, V8 checks for it at every access to an array.) */
function copied<A extends { set(array: A): void }>(array: A, larger: A): A {
  larger.set(array);
  return larger;
}
