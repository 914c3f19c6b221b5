import type { Mapping } from './mapping.ts';

/** A block that would be longer is split. */
const blockLength = 512;

/**
 * The mappings of a container by IOVA, none overlapping another: a sorted list in blocks, so that adding one moves few others, and
 * finding one is two binary searches.
 */
export class MappingList implements Iterable<Mapping> {
  readonly #blocks: Mapping[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The first mapping that ends after `pfn`: the one that has it, or the next. */
  from(pfn: number): Mapping | undefined {
    const block = this.#blocks[firstAfter(this.#blocks.length, (index) => lastEnd(this.#blocks[index]), pfn)];
    return block?.[firstAfter(block.length, (index) => block[index]?.end ?? 0, pfn)];
  }

  /** The mapping that has the page frame. */
  find(pfn: number): Mapping | undefined {
    const mapping = this.from(pfn);
    return mapping !== undefined && mapping.start <= pfn ? mapping : undefined;
  }

  /** Takes a mapping that overlaps none that is there. */
  add(mapping: Mapping): void {
    this.#size++;
    const at = firstAfter(this.#blocks.length, (index) => lastEnd(this.#blocks[index]), mapping.start);
    // Past the end of all blocks, the last takes it.
    const blockIndex = Math.min(at, Math.max(this.#blocks.length - 1, 0));
    const block = this.#blocks[blockIndex];
    if (block === undefined) {
      this.#blocks.push([mapping]);
      return;
    }
    block.splice(
      firstAfter(block.length, (index) => block[index]?.end ?? 0, mapping.start),
      0,
      mapping,
    );
    if (block.length > blockLength) this.#blocks.splice(blockIndex + 1, 0, block.splice(blockLength >> 1));
  }

  /** Takes out a mapping that is there. */
  remove(mapping: Mapping): void {
    const blockIndex = firstAfter(this.#blocks.length, (index) => lastEnd(this.#blocks[index]), mapping.start);
    const block = this.#blocks[blockIndex];
    const index = block?.indexOf(mapping) ?? -1;
    if (block === undefined || index < 0) return;
    this.#size--;
    block.splice(index, 1);
    if (block.length === 0) this.#blocks.splice(blockIndex, 1);
  }

  /** By IOVA. What is added or removed meanwhile may be seen or not. */
  *[Symbol.iterator](): Iterator<Mapping> {
    for (const block of this.#blocks) yield* block;
  }
}

function lastEnd(block: readonly Mapping[] | undefined): number {
  return block?.[block.length - 1]?.end ?? 0;
}

/** The first index below `length` whose end is after `pfn`; `length` if there is none. */
function firstAfter(length: number, endOf: (index: number) => number, pfn: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(middle) > pfn) high = middle;
    else low = middle + 1;
  }
  return low;
}
