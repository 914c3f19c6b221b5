/**
 * The loops over pages that are pinned and unpinned. Each goes on from `pfns[first]` as far as the mapping goes and nothing is refused, and
 * answers the index after the last page that it did: `first`, if that one is refused. There are several of one kind so that each is
 * compiled for what it does; together they are what pins cost.
 */
import type { Allowance } from './allowance.ts';
import type { Holder, Mapping } from './mapping.ts';
import type { PinTable } from './pin-table.ts';
import { slotPages } from './pin-table.ts';

/** What pages are pinned, and where their host pages are written to. */
export interface PinRequest {
  /** IOVA >> 12 of each page. */
  readonly pfns: Float64Array;
  readonly count: number;
  readonly writable: boolean;
  readonly hostPfns: Float64Array;
}

/**
 * In the usual mapping, where one device pins and whose memory has nothing to give back and no reserved pages: pages that follow each
 * other are taken together.
 */
export function pinRuns(mapping: Mapping, table: PinTable, allowance: Allowance, first: number, request: PinRequest): number {
  const { start, numbered, memory } = mapping;
  const { pfns, count, writable, hostPfns } = request;
  /** How many pages may still be charged; -1 until it matters. */
  let room = -1;
  let fresh = 0;
  let at = first;
  while (at < count) {
    const offset = (pfns[at] ?? 0) - start;
    if (!(offset >= 0 && offset < numbered)) break;
    const page = offset | 0;
    const index = table.index(page);
    const { counts } = table;
    if (counts[index] !== 0) {
      table.increment(page);
      hostPfns[at] = memory.pfn(page);
      at++;
      continue;
    }
    if (room < 0) room = allowance.room(mapping);
    const most = Math.min(count - at, slotPages - (page & (slotPages - 1)), numbered - page, room - fresh);
    const run = runLength(pfns, at, most, table, index, 0);
    const taken = fresh < room ? memory.pin(page, run, writable, hostPfns, at) : 0;
    if (taken === 0) break;
    table.add(page, index, taken);
    fresh += taken;
    at += taken;
  }
  table.grow(fresh);
  charge(mapping, fresh);
  return at;
}

/** As `pinRuns`, for pages that do not follow each other. */
export function pinScattered(mapping: Mapping, table: PinTable, allowance: Allowance, first: number, request: PinRequest): number {
  const { start, numbered, memory } = mapping;
  const { pfns, count, writable, hostPfns } = request;
  let room = -1;
  let fresh = 0;
  let at = first;
  for (; at < count; at++) {
    const offset = (pfns[at] ?? 0) - start;
    if (!(offset >= 0 && offset < numbered)) break;
    const page = offset | 0;
    const index = table.index(page);
    if (table.counts[index] !== 0) {
      table.increment(page);
      hostPfns[at] = memory.pfn(page);
      continue;
    }
    if (room < 0) room = allowance.room(mapping);
    if (fresh >= room || memory.pin(page, 1, writable, hostPfns, at) === 0) break;
    table.add(page, index, 1);
    fresh++;
  }
  table.grow(fresh);
  charge(mapping, fresh);
  return at;
}

/** As `pinRuns`, in any mapping: a page that another device has pinned is neither taken nor charged for again. */
export function pinAny(
  mapping: Mapping,
  table: PinTable,
  holder: Holder,
  allowance: Allowance,
  first: number,
  request: PinRequest,
): number {
  const { start, numbered, memory } = mapping;
  const { pfns, count, writable, hostPfns } = request;
  for (let at = first; at < count; at++) {
    const page = (pfns[at] ?? 0) - start;
    if (page < 0 || page >= numbered) return at;
    if (table.count(page) > 0) {
      table.increment(page);
      hostPfns[at] = memory.pfn(page);
      continue;
    }
    if (mapping.isHeldByOther(holder, page)) hostPfns[at] = memory.pfn(page);
    else {
      const room = allowance.room(mapping);
      if (room < 0 || memory.pin(page, 1, writable, hostPfns, at) === 0) return at;
      const counts = memory.isReserved?.(hostPfns[at] ?? 0) !== true;
      if (counts && room === 0) {
        memory.unpin?.(page, false);
        return at;
      }
      if (counts) charge(mapping, 1);
    }
    table.add(page, table.index(page), 1);
    table.grow(1);
  }
  return count;
}

/** Undoes one pin of each page. */
export function unpinPages(mapping: Mapping, table: PinTable, holder: Holder, first: number, pfns: Float64Array, count: number): number {
  if (!mapping.isPlain) return unpinAny(mapping, table, holder, first, pfns, count);
  return isRun(pfns, first) ? unpinRuns(mapping, table, first, pfns, count) : unpinScattered(mapping, table, first, pfns, count);
}

/** As `unpinPages`, in any mapping: a page goes back when no other device holds it. */
function unpinAny(mapping: Mapping, table: PinTable, holder: Holder, first: number, pfns: Float64Array, count: number): number {
  const { start, numbered } = mapping;
  let gone = 0;
  let at = first;
  for (; at < count; at++) {
    const page = (pfns[at] ?? 0) - start;
    if (!(page >= 0 && page < numbered)) break;
    const held = table.count(page);
    if (held === 0) break;
    if (held > 1) table.decrement(page);
    else {
      if (!mapping.isHeldByOther(holder, page)) giveBack(mapping, page);
      table.remove(table.index(page), 1);
      gone++;
    }
  }
  table.shrink(gone);
  return at;
}

/** As `unpinPages`, in the usual mapping, for pages that follow each other: they are taken together. */
function unpinRuns(mapping: Mapping, table: PinTable, first: number, pfns: Float64Array, count: number): number {
  const { start, numbered } = mapping;
  const { counts } = table;
  let gone = 0;
  let at = first;
  while (at < count) {
    const offset = (pfns[at] ?? 0) - start;
    if (!(offset >= 0 && offset < numbered)) break;
    const page = offset | 0;
    const index = table.index(page);
    const held = counts[index];
    if (held === 0) break;
    if (held !== 1) {
      table.decrement(page);
      at++;
      continue;
    }
    const most = Math.min(count - at, slotPages - (page & (slotPages - 1)));
    const run = runLength(pfns, at, most, table, index, 1);
    table.remove(index, run);
    gone += run;
    at += run;
  }
  charge(mapping, -gone);
  table.shrink(gone);
  return at;
}

/** As `unpinPages`, in the usual mapping, for pages that do not follow each other. */
function unpinScattered(mapping: Mapping, table: PinTable, first: number, pfns: Float64Array, count: number): number {
  const { start, numbered } = mapping;
  const { counts } = table;
  let gone = 0;
  let at = first;
  for (; at < count; at++) {
    const offset = (pfns[at] ?? 0) - start;
    if (!(offset >= 0 && offset < numbered)) break;
    const page = offset | 0;
    const index = table.index(page);
    const held = counts[index];
    if (held === 0) break;
    if (held === 1) {
      counts[index] = 0;
      gone++;
    } else table.decrement(page);
  }
  charge(mapping, -gone);
  table.shrink(gone);
  return at;
}

/** Gives back a page that no other device holds, and what was charged for it. */
export function giveBack(mapping: Mapping, page: number): void {
  const { memory, writable } = mapping;
  if (memory.isReserved?.(memory.pfn(page)) !== true) charge(mapping, -1);
  memory.unpin?.(page, writable);
}

/** Whether the second page follows the first: then it is worth to look for such runs. */
export function isRun(pfns: Float64Array, first: number): boolean {
  return pfns[first + 1] === (pfns[first] ?? 0) + 1;
}

export function charge(mapping: Mapping, pages: number): void {
  mapping.held += pages;
  if (mapping.physical === undefined) mapping.task.locked.pages += pages;
}

/** How many pages from `pfns[at]` on, at the most `most`, follow each other and are pinned `times` times. */
function runLength(pfns: Float64Array, at: number, most: number, table: PinTable, index: number, times: number): number {
  let wanted = (pfns[at] ?? 0) + 1;
  let run = 1;
  for (; run < most && pfns[at + run] === wanted; run++) wanted++;
  return table.alike(index, run, times);
}
