import type { Mapping } from './mapping.ts';

/** The bitmap of the pages from `start` on that are pinned in these mappings; see Type1.dirtyBitmap. */
export function dirtyBitmap(start: number, pages: number, mappings: readonly Mapping[]): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(pages / 64) * 8);
  const set = (page: number): void => {
    bitmap[Math.floor(page / 8)] = (bitmap[Math.floor(page / 8)] ?? 0) | (1 << (page % 8));
  };
  for (const mapping of mappings) {
    if (mapping.physical !== undefined) for (let pfn = mapping.start; pfn < mapping.end; pfn++) set(pfn - start);
    else for (const table of mapping.tables.values()) for (const page of table) set(mapping.start + page - start);
  }
  return bitmap;
}
