import { ErrnoError } from '../../lib/errno.ts';
import type { MappingList } from './mapping-list.ts';
import type { Holder, Mapping } from './mapping.ts';
import { pageSize, toAddress } from './page.ts';
import type { Chunk } from './pin-table.ts';
import { chunkPages, PinTable } from './pin-table.ts';
import type { Task } from './task.ts';

/** The most pages of one call: VFIO_PIN_PAGES_MAX_ENTRIES (page_size / sizeof(unsigned long)) of linux/vfio.h. */
const maxPages = 512;

/** What pinners share with their container. */
export interface PinContext {
  readonly mappings: MappingList;
  /** False for the first version of the interface, which knows no pinning by drivers. */
  readonly v2: boolean;
  /** The limit, in bytes, refused to lock `pages` more for the task. */
  readonly onLimit: ((task: Task, pages: number, limit: number) => void) | undefined;
}

export type DMAUnmap = (iova: bigint, size: bigint) => void;

/**
 * One device's pins in a container (vfio_iommu_type1_pin_pages, vfio_iommu_type1_unpin_pages). Each device has counts of its own and
 * can unpin only what it pinned: in the kernel, where the devices of a container share one count a page, a driver that unpins too
 * often takes another's pages away. A page that several hold is taken and accounted once all the same.
 */
export class Pinner implements Holder {
  /** The notice that a range goes away; a device without it cannot pin. */
  readonly dmaUnmap: DMAUnmap | undefined;
  readonly #context: PinContext;
  readonly #onRelease: () => void;
  #pages = 0;
  /** The mapping that was hit last, and our table in it. */
  #mapping: Mapping | undefined;
  #table: PinTable | undefined;
  /** The task whose limit is known in this call, and the limit in pages. */
  #limitTask: Task | undefined;
  #limit = 0;
  #released = false;

  constructor(context: PinContext, dmaUnmap: DMAUnmap | undefined, onRelease: () => void) {
    this.#context = context;
    this.dmaUnmap = dmaUnmap;
    this.#onRelease = onRelease;
  }

  /** How many pages the device holds pinned. */
  get pages(): number {
    return this.#pages;
  }

  /**
   * Pins the pages `pfns[0..count)` (IOVA >> 12) and writes the host's page frame numbers to `hostPfns`. A page that the device holds
   * already is only counted. All or nothing: a refused call changes nothing and zeroes `hostPfns[0..count)`.
   * @throws ErrnoError, of the first page that cannot be pinned: EINVAL it is not mapped, EPERM mapped without that right, EFAULT there
   * is no memory, ENOMEM over the mapper's limit, ENODEV the mapper is gone. E2BIG: more than 512 pages. EINVAL: the device takes
   * no unmap notices. EACCES: the container is of version 1. ENODEV: the device is closed.
   */
  pin(pfns: Float64Array, count: number, writable: boolean, hostPfns: Float64Array): void {
    this.#refuse(count);
    this.#limitTask = undefined;
    let done = 0;
    try {
      while (done < count) done = this.#pinFrom(done, pfns, count, writable, hostPfns);
    } catch (error) {
      for (let undone = 0; undone < done;) undone = this.#unpinFrom(undone, pfns, done);
      hostPfns.fill(0, 0, count);
      throw error;
    }
  }

  /**
   * Undoes one pin of each of the pages `pfns[0..count)`; a page goes at its last. It stops at the first that the device does not hold.
   * @returns how many were undone
   * @throws ErrnoError EINVAL when the first is not held
   */
  unpin(pfns: Float64Array, count: number): number {
    let done = 0;
    while (done < count) {
      const next = this.#unpinFrom(done, pfns, count);
      if (next === done) break;
      done = next;
    }
    if (done === 0 && count > 0) throw new ErrnoError('EINVAL', `page ${hex(pfns[0])} is not pinned by this device`);
    return done;
  }

  /** Undoes all pins and ends it. */
  release(): void {
    for (const mapping of this.#context.mappings) this.drop(mapping);
    this.#released = true;
    this.#onRelease();
  }

  /** Undoes all pins in one mapping; returns how many pages they were of. */
  drop(mapping: Mapping): number {
    const table = mapping.tables.get(this);
    if (table === undefined) return 0;
    const { memory, writable, tables } = mapping;
    let countable = 0;
    if (memory.unpin === undefined && memory.isReserved === undefined && tables.size === 1) countable = table.pages;
    else {
      for (const [page, pfn] of table.entries()) {
        if (mapping.heldByOther(this, page) !== undefined) continue;
        memory.unpin?.(page, pfn, writable);
        if (memory.isReserved?.(pfn) !== true) countable++;
      }
    }
    discharge(mapping, countable);
    tables.delete(this);
    if (this.#mapping === mapping) this.#mapping = undefined;
    this.#pages -= table.pages;
    return table.pages;
  }

  #refuse(count: number): void {
    if (this.#released) throw new ErrnoError('ENODEV', 'the device is closed');
    if (count > maxPages) throw new ErrnoError('E2BIG', `one call pins at most ${maxPages} pages, not ${count}`);
    if (this.dmaUnmap === undefined) throw new ErrnoError('EINVAL', 'a device that takes no unmap notices cannot pin');
    if (!this.#context.v2) throw new ErrnoError('EACCES', 'version 1 of the type1 interface has no pinning');
  }

  /**
   * Pins from `pfns[first]` on, as far as one mapping goes and nothing is refused; returns the index after the last one pinned.
   * @throws what the first one is refused with
   */
  #pinFrom(first: number, pfns: Float64Array, count: number, writable: boolean, hostPfns: Float64Array): number {
    const mapping = this.#hit(pfns[first] ?? 0);
    if (writable ? !mapping.writable : !mapping.readable)
      throw new ErrnoError('EPERM', `page ${hex(pfns[first])} is mapped without the right to ${writable ? 'write' : 'read'}`);
    const { start, end } = mapping;
    const table = this.#table ?? this.#tableOf(mapping);
    const shared = mapping.tables.size > 1;
    let chunk: Chunk | undefined;
    let number = -1;
    let at = first;
    while (at < count) {
      const pfn = pfns[at] ?? 0;
      if (pfn < start || pfn >= end) break;
      const page = pfn - start;
      const wanted = Math.floor(page / chunkPages);
      if (wanted !== number) {
        number = wanted;
        chunk = table.chunk(number);
      }
      const index = page - number * chunkPages;
      if (chunk !== undefined && chunk.counts[index] !== 0) {
        table.increment(page);
        hostPfns[at] = table.pfn(page);
        at++;
        continue;
      }
      const other = shared ? mapping.heldByOther(this, page) : undefined;
      let run = 1;
      if (other === undefined) {
        const most = shared ? 1 : Math.min(count - at, chunkPages - index, end - pfn);
        while (run < most && pfns[at + run] === pfn + run && (chunk === undefined || chunk.counts[index + run] === 0)) run++;
        run = this.#take(mapping, page, run, writable, hostPfns, at, at === first ? count - at : 0);
        if (run === 0) return at;
      } else hostPfns[at] = other.pfn(page);
      table.add(page, run, hostPfns, at);
      this.#pages += run;
      chunk ??= table.chunk(number);
      at += run;
    }
    return at;
  }

  /**
   * Takes up to `run` pages from `page` on and charges for them; returns how many.
   * @param wanted how many pages to say that were refused, if the first is; 0: answer 0 then
   */
  #take(mapping: Mapping, page: number, run: number, writable: boolean, hostPfns: Float64Array, at: number, wanted: number): number {
    const { memory, task, physical } = mapping;
    const limit = this.#limitOf(task);
    const taken = memory.pin(page, run, writable, hostPfns, at);
    if (taken === 0) {
      if (wanted === 0) return 0;
      throw new ErrnoError('EFAULT', `there is no memory behind page ${hex(mapping.start + page)}`);
    }
    // Beside a physical domain the page is accounted already.
    const room = physical !== undefined || mapping.mayLockAll ? Infinity : limit - task.locked.pages;
    let kept = 0;
    let countable = 0;
    if (memory.isReserved === undefined) kept = countable = Math.min(taken, Math.max(room, 0));
    else {
      for (; kept < taken; kept++) {
        if (memory.isReserved(hostPfns[at + kept] ?? 0)) continue;
        if (countable >= room) break;
        countable++;
      }
    }
    for (let index = taken - 1; index >= kept; index--) memory.unpin?.(page + index, hostPfns[at + index] ?? 0, false);
    charge(mapping, countable);
    if (kept > 0 || wanted === 0) return kept;
    this.#context.onLimit?.(task, wanted, limit * pageSize);
    throw new ErrnoError(
      'ENOMEM',
      `process ${task.pid} has ${task.locked.pages} pages locked and may lock ${limit}; raise its RLIMIT_MEMLOCK to pin ${wanted} more`,
    );
  }

  /** Unpins from `pfns[first]` on, as far as one mapping goes; returns the index after the last one, `first` if that is not held. */
  #unpinFrom(first: number, pfns: Float64Array, count: number): number {
    const mapping = this.#find(pfns[first] ?? 0);
    const table = this.#table;
    if (mapping === undefined || table === undefined) return first;
    const { start, end } = mapping;
    const shared = mapping.tables.size > 1;
    let chunk: Chunk | undefined;
    let number = -1;
    let at = first;
    while (at < count) {
      const pfn = pfns[at] ?? 0;
      if (pfn < start || pfn >= end) break;
      const page = pfn - start;
      const wanted = Math.floor(page / chunkPages);
      if (wanted !== number) {
        number = wanted;
        chunk = table.chunk(number);
      }
      const index = page - number * chunkPages;
      if (chunk === undefined) break;
      const held = chunk.counts[index];
      if (held === 0) break;
      if (held !== 1) {
        table.decrement(page);
        at++;
        continue;
      }
      let run = 1;
      const most = shared ? 1 : Math.min(count - at, chunkPages - index);
      while (run < most && pfns[at + run] === pfn + run && chunk.counts[index + run] === 1) run++;
      if (!shared || mapping.heldByOther(this, page) === undefined) giveBack(mapping, table, page, run);
      table.remove(page, run);
      if (chunk.used === 0) number = -1;
      this.#pages -= run;
      at += run;
    }
    return at;
  }

  /** The task's limit in pages, asked for once a call. @throws ErrnoError ENODEV when the task is gone */
  #limitOf(task: Task): number {
    if (this.#limitTask !== task) {
      this.#limit = Math.floor(task.memlockLimit() / pageSize);
      this.#limitTask = task;
    }
    return this.#limit;
  }

  /** The mapping of a page to be pinned. @throws ErrnoError EINVAL when there is none */
  #hit(pfn: number): Mapping {
    const mapping = this.#find(pfn);
    if (mapping === undefined || mapping.leaving) throw new ErrnoError('EINVAL', `page ${hex(pfn)} is not mapped`);
    return mapping;
  }

  #find(pfn: number): Mapping | undefined {
    const last = this.#mapping;
    if (last !== undefined && !last.leaving && pfn >= last.start && pfn < last.end) return last;
    const mapping = this.#context.mappings.find(pfn);
    this.#mapping = mapping;
    this.#table = mapping?.tables.get(this);
    return mapping;
  }

  #tableOf(mapping: Mapping): PinTable {
    const table = new PinTable();
    mapping.tables.set(this, table);
    this.#table = table;
    return table;
  }
}

/** Gives back pages that no other device holds, and what was charged for them. */
function giveBack(mapping: Mapping, table: PinTable, page: number, run: number): void {
  const { memory, writable } = mapping;
  let countable = run;
  if (memory.unpin !== undefined || memory.isReserved !== undefined) {
    for (let index = 0; index < run; index++) {
      const pfn = table.pfn(page + index);
      memory.unpin?.(page + index, pfn, writable);
      if (memory.isReserved?.(pfn) === true) countable--;
    }
  }
  discharge(mapping, countable);
}

function charge(mapping: Mapping, pages: number): void {
  mapping.held += pages;
  if (mapping.physical === undefined) mapping.task.locked.pages += pages;
}

function discharge(mapping: Mapping, pages: number): void {
  charge(mapping, -pages);
}

function hex(pfn: number | undefined): string {
  return `0x${toAddress(pfn ?? 0).toString(16)}`;
}
