/** Pages of a chunk: 2 MiB of addresses. */
export const chunkPages = 512;
/** Chunks of a node. */
const nodeChunks = 64;
/** A count in a chunk that stands for one in the table's map of high counts. */
const many = 255;
/** A page frame number in a chunk that stands for one in the table's map of high numbers. */
const high = 0xffff_ffff;

/** The pins of 512 pages: how often, 0 for not at all, and the host's page frame number of each. 5 bytes a page. */
export interface Chunk {
  readonly counts: Uint8Array;
  readonly pfns: Uint32Array;
  /** How many counts are not 0. */
  used: number;
}

/**
 * The pages of one mapping that one device holds pinned: how often, and which host pages they are. Pages are counted from the start
 * of the mapping. Chunks of counts hang in a tree of two levels, so that a mapping costs what is pinned in it and not what it spans.
 * (The kernel keeps a node a page in a red-black tree: struct vfio_pfn, drivers/vfio/vfio_iommu_type1.c.)
 *
 * Where a page is: chunk `floor(page / chunkPages)`, index `page % chunkPages` in it.
 */
export class PinTable {
  /** How many pages are pinned. */
  pages = 0;
  readonly #nodes: ((Chunk | undefined)[] | undefined)[] = [];
  /** An empty chunk, kept so that a device that pins and unpins one page does not make one each time. */
  #spare: Chunk | undefined;
  readonly #counts = new Map<number, number>();
  readonly #pfns = new Map<number, number>();

  /** The chunk of this number; undefined while nothing in it is pinned. */
  chunk(number: number): Chunk | undefined {
    return this.#nodes[Math.floor(number / nodeChunks)]?.[number % nodeChunks];
  }

  /** How often the page is pinned. */
  count(page: number): number {
    const count = this.chunk(Math.floor(page / chunkPages))?.counts[page % chunkPages] ?? 0;
    return count === many ? (this.#counts.get(page) ?? many) : count;
  }

  /** The host page of a page that is pinned. */
  pfn(page: number): number {
    const pfn = this.chunk(Math.floor(page / chunkPages))?.pfns[page % chunkPages] ?? 0;
    return pfn === high ? (this.#pfns.get(page) ?? high) : pfn;
  }

  /** Pins `count` pages from `page` on, none of them pinned and all in one chunk; their host pages are `pfns` from `at` on. */
  add(page: number, count: number, pfns: Float64Array, at: number): void {
    const number = Math.floor(page / chunkPages);
    const chunk = this.chunk(number) ?? this.#make(number);
    const index = page - number * chunkPages;
    const { counts, pfns: kept } = chunk;
    for (let offset = 0; offset < count; offset++) {
      const pfn = pfns[at + offset] ?? 0;
      counts[index + offset] = 1;
      if (pfn < high) kept[index + offset] = pfn;
      else {
        kept[index + offset] = high;
        this.#pfns.set(page + offset, pfn);
      }
    }
    chunk.used += count;
    this.pages += count;
  }

  /** Counts one more pin of a page that is pinned. */
  increment(page: number): void {
    const chunk = this.chunk(Math.floor(page / chunkPages));
    if (chunk === undefined) return;
    const index = page % chunkPages;
    const count = chunk.counts[index] ?? 0;
    chunk.counts[index] = Math.min(count + 1, many);
    if (count + 1 >= many) this.#counts.set(page, (this.#counts.get(page) ?? count) + 1);
  }

  /** Counts one pin less of a page that is pinned more than once. */
  decrement(page: number): void {
    const chunk = this.chunk(Math.floor(page / chunkPages));
    if (chunk === undefined) return;
    const index = page % chunkPages;
    const count = this.count(page) - 1;
    if (count >= many) this.#counts.set(page, count);
    else {
      this.#counts.delete(page);
      chunk.counts[index] = count;
    }
  }

  /** Takes out `count` pages from `page` on, each pinned once and all in one chunk. */
  remove(page: number, count: number): void {
    const number = Math.floor(page / chunkPages);
    const chunk = this.chunk(number);
    if (chunk === undefined) return;
    const index = page - number * chunkPages;
    chunk.counts.fill(0, index, index + count);
    if (this.#pfns.size > 0) for (let offset = 0; offset < count; offset++) this.#pfns.delete(page + offset);
    this.pages -= count;
    chunk.used -= count;
    if (chunk.used === 0) this.#drop(number, chunk);
  }

  /** All pages that are pinned, in order, each with its host page. */
  *entries(): Generator<readonly [page: number, pfn: number]> {
    for (const [nodeNumber, node] of this.#nodes.entries()) {
      if (node === undefined) continue;
      for (const [index, chunk] of node.entries()) {
        if (chunk === undefined) continue;
        const first = (nodeNumber * nodeChunks + index) * chunkPages;
        for (let offset = 0; offset < chunkPages; offset++)
          if (chunk.counts[offset] !== 0) yield [first + offset, this.pfn(first + offset)];
      }
    }
  }

  #make(number: number): Chunk {
    const node = (this.#nodes[Math.floor(number / nodeChunks)] ??= []);
    const chunk = this.#spare ?? newChunk();
    this.#spare = undefined;
    node[number % nodeChunks] = chunk;
    return chunk;
  }

  #drop(number: number, chunk: Chunk): void {
    const nodeNumber = Math.floor(number / nodeChunks);
    const node = this.#nodes[nodeNumber];
    if (node === undefined) return;
    node[number % nodeChunks] = undefined;
    this.#spare = chunk;
    if (node.every((other) => other === undefined)) this.#nodes[nodeNumber] = undefined;
  }
}

function newChunk(): Chunk {
  const memory = new ArrayBuffer(chunkPages * 5);
  return { pfns: new Uint32Array(memory, 0, chunkPages), counts: new Uint8Array(memory, chunkPages * 4, chunkPages), used: 0 };
}
