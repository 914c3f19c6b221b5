/** Bytes of a page; pages are counted by IOVA >> 12. */
export const pageSize = 4096;

/** A range of pages. */
export interface PageRange {
  /** Page frame number, IOVA >> 12. */
  readonly first: number;
  readonly count: number;
}

/** The pages that `length` bytes (at least 1) from `iova` on touch. */
export function pagesOf(iova: bigint, length: number): PageRange {
  const first = Number(iova >> 12n);
  return { first, count: Number((iova + BigInt(length) - 1n) >> 12n) - first + 1 };
}

export function intersects(a: PageRange, b: PageRange): boolean {
  return a.first < b.first + b.count && b.first < a.first + a.count;
}
