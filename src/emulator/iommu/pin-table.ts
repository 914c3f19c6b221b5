/** Pages of a slot: 2 MiB of addresses. */
export const slotPages = 512;
/** A count that stands for one in the map of high counts. */
const many = 255;
/** The most pages that one table numbers, 8 TiB less 2 MiB: indexes stay below 2^31 with slot 0 before them. */
export const maxPages = 2 ** 31 - slotPages;
/** Fewer slots are not worth to be moved together. */
const fewSlots = 16;

/**
 * How often one device holds each page of one mapping pinned. Pages are counted from the start of the mapping. It costs a byte a page in
 * slots of 512, and next to nothing for slots where nothing is pinned; two flat arrays, so that looking a page up touches two places in
 * memory. (The kernel keeps a node a page in a red-black tree: struct vfio_pfn, drivers/vfio/vfio_iommu_type1.c.)
 *
 * Slot 0 stands for all that are not there: it is empty for ever. A table of at most 512 pages has slot 0 only, and uses it.
 */
export class PinTable implements Iterable<number> {
  /** How many pages are pinned; see `grow` and `shrink`. */
  pages = 0;
  /** The most that were since slots were let go of last. */
  #most = 0;
  /** How often each page is pinned, 0 for not at all, at its `index`. Replaced when a page is added. */
  counts: Uint8Array;
  /** The same, four counts a word. */
  #words: Uint32Array;
  readonly #small: boolean;
  /** Where each 512 pages of the mapping are. */
  readonly #directory: Uint32Array;
  /** Slots that are used, slot 0 included. */
  #slots = 1;
  /** Which place of the directory each slot after slot 0 is for, so that forgetting them costs no more than there are. */
  #owners: number[] = [];
  readonly #highCounts = new Map<number, number>();

  /** @param mappingPages how many pages the mapping has; those past 8 TiB have no place in the table */
  constructor(mappingPages: number) {
    const length = Math.min(mappingPages, maxPages);
    this.#small = length <= slotPages;
    this.counts = new Uint8Array(this.#small ? Math.ceil(length / 4) * 4 : slotPages * 2);
    this.#words = new Uint32Array(this.counts.buffer);
    this.#directory = new Uint32Array(Math.ceil(length / slotPages));
  }

  /** Where `counts` has the page; where that is 0 the page is not pinned. */
  index(page: number): number {
    return ((this.#directory[page >>> 9] ?? 0) << 9) | (page & 511);
  }

  /** How often the page is pinned. */
  count(page: number): number {
    const count = this.counts[this.index(page)] ?? 0;
    return count === many ? (this.#highCounts.get(page) ?? many) : count;
  }

  /** How many of the `most` pages from `index` on, all of one slot, are pinned `times` (0 or 1) times, up to the first that is not. */
  alike(index: number, most: number, times: number): number {
    const { counts } = this;
    const words = this.#words;
    const four = times * 0x01010101;
    const end = index + most;
    let at = index;
    while (at < end && (at & 3) !== 0 && counts[at] === times) at++;
    if ((at & 3) === 0) while (at + 4 <= end && words[at >> 2] === four) at += 4;
    while (at < end && counts[at] === times) at++;
    return at - index;
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

  /** Counts pages that were added. */
  grow(pages: number): void {
    this.pages += pages;
    this.#most = Math.max(this.#most, this.pages);
  }

  /**
   * Counts pages that were removed, and lets go of slots when seven of eight are gone since the last time, or there are eight slots a page:
   * the cost is spread over them.
   */
  shrink(pages: number): void {
    this.pages -= pages;
    const manySlots = this.#slots > fewSlots && this.#slots > 8 * this.pages;
    if (this.#small || (this.pages > this.#most >> 3 && !manySlots)) return;
    this.#most = this.pages;
    if (this.pages === 0) this.#clear(1);
    else if (this.#slots > fewSlots) this.#compact();
  }

  /** All pages that are pinned, in order. */
  *[Symbol.iterator](): Generator<number> {
    for (const place of this.#small ? [0] : [...this.#owners].sort((a, b) => a - b)) {
      const first = place * slotPages;
      const index = this.index(first);
      for (let offset = 0; offset < slotPages; offset++) if ((this.counts[index + offset] ?? 0) !== 0) yield first + offset;
    }
  }

  #newSlot(page: number): number {
    const slot = this.#slots++;
    // Generously, up to what the mapping may need: memory that was never touched costs nothing.
    if (slot * slotPages >= this.counts.length) {
      const larger = new Uint8Array(Math.min(4 * slot, this.#directory.length + 1) * slotPages);
      // (Not by ArrayBuffer.transfer: once any buffer was detached, V8 looks for that at every access to an array.)
      larger.set(this.counts);
      this.#replace(larger);
    }
    this.#directory[page >>> 9] = slot;
    this.#owners.push(page >>> 9);
    return slot;
  }

  /** Moves the slots in which something is pinned into a new array. */
  #compact(): void {
    const before = this.counts;
    const words = this.#words;
    const kept: (readonly [page: number, index: number])[] = [];
    for (const place of this.#owners) {
      const page = place * slotPages;
      const index = this.index(page);
      if (!isZero(words, index >> 2, (index + slotPages) >> 2)) kept.push([page, index]);
    }
    this.#clear(kept.length);
    for (const [page, index] of kept) {
      // Its own statement, because a new slot may replace `counts`.
      const slot = this.#newSlot(page);
      this.counts.set(before.subarray(index, index + slotPages), slot * slotPages);
    }
  }

  #replace(counts: Uint8Array): void {
    this.counts = counts;
    this.#words = new Uint32Array(counts.buffer);
  }

  /** Forgets all slots, and makes room for this many. */
  #clear(slots: number): void {
    this.#slots = 1;
    this.#replace(new Uint8Array((slots + 1) * slotPages));
    for (const place of this.#owners) this.#directory[place] = 0;
    this.#owners = [];
  }
}

function isZero(words: Uint32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (words[at] !== 0) return false;
  return true;
}
