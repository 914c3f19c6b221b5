import { ErrnoError } from '../../lib/errno.ts';
import type { MappingList } from './mapping-list.ts';
import type { Holder, Mapping } from './mapping.ts';
import { pageSize, toAddress } from './page.ts';
import { maxPages, PinTable, slotPages } from './pin-table.ts';
import type { Task } from './task.ts';

/** The most pages of one call: VFIO_PIN_PAGES_MAX_ENTRIES (page_size / sizeof(unsigned long)) of linux/vfio.h. */
const maxEntries = 512;

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
    if (mapping.isPlain) charge(mapping, -table.pages);
    else for (const page of table) if (!mapping.isHeldByOther(this, page)) giveBack(mapping, page);
    mapping.tables.delete(this);
    if (this.#mapping === mapping) this.#mapping = undefined;
    this.#pages -= table.pages;
    return table.pages;
  }

  #refuse(count: number): void {
    if (this.#released) throw new ErrnoError('ENODEV', 'the device is closed');
    if (count > maxEntries) throw new ErrnoError('E2BIG', `one call pins at most ${maxEntries} pages, not ${count}`);
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
    const table = this.#table ?? this.#tableOf(mapping);
    return mapping.isPlain
      ? this.#pinPlain(mapping, table, first, pfns, count, writable, hostPfns)
      : this.#pinAny(mapping, table, first, pfns, count, writable, hostPfns);
  }

  /** `#pinFrom` in the usual mapping: one device pins in it, and its memory has nothing to give back and no reserved pages. */
  #pinPlain(
    mapping: Mapping,
    table: PinTable,
    first: number,
    pfns: Float64Array,
    count: number,
    writable: boolean,
    hostPfns: Float64Array,
  ): number {
    const { start, numbered, memory } = mapping;
    /** How many pages may still be charged; -1 until it matters. */
    let room = -1;
    let fresh = 0;
    let at = first;
    const inRuns = isRun(pfns, first);
    while (at < count) {
      const offset = (pfns[at] ?? 0) - start;
      if (!(offset >= 0 && offset < numbered)) break;
      const page = offset | 0;
      const index = table.index(page);
      if (table.counts[index] !== 0) {
        table.increment(page);
        hostPfns[at] = memory.pfn(page);
        at++;
        continue;
      }
      if (room < 0) room = this.#room(mapping);
      let run = 1;
      if (inRuns) {
        const { counts } = table;
        const most = Math.min(count - at, slotPages - (page & (slotPages - 1)), numbered - page, room - fresh);
        while (run < most && pfns[at + run] === start + page + run && counts[index + run] === 0) run++;
      }
      const taken = fresh < room ? memory.pin(page, run, writable, hostPfns, at) : 0;
      if (taken === 0) break;
      table.add(page, index, taken);
      fresh += taken;
      at += taken;
    }
    table.grow(fresh);
    this.#pages += fresh;
    charge(mapping, fresh);
    if (at > first) return at;
    const page = (pfns[first] ?? 0) - start;
    throw memory.pin(page, 1, writable, hostPfns, first) === 0 ? noMemory(mapping, page) : this.#overLimit(mapping.task, count - at);
  }

  /** `#pinFrom`, page by page. */
  #pinAny(
    mapping: Mapping,
    table: PinTable,
    first: number,
    pfns: Float64Array,
    count: number,
    writable: boolean,
    hostPfns: Float64Array,
  ): number {
    const { start, numbered, memory } = mapping;
    for (let at = first; at < count; at++) {
      const page = (pfns[at] ?? 0) - start;
      if (page < 0 || page >= numbered) return at;
      if (table.count(page) > 0) {
        table.increment(page);
        hostPfns[at] = memory.pfn(page);
        continue;
      }
      if (mapping.isHeldByOther(this, page)) hostPfns[at] = memory.pfn(page);
      else {
        const room = this.#room(mapping);
        if (memory.pin(page, 1, writable, hostPfns, at) === 0) {
          if (at > first) return at;
          throw noMemory(mapping, page);
        }
        const pfn = hostPfns[at] ?? 0;
        const counts = memory.isReserved?.(pfn) !== true;
        if (counts && room === 0) {
          memory.unpin?.(page, false);
          if (at > first) return at;
          throw this.#overLimit(mapping.task, count - at);
        }
        if (counts) charge(mapping, 1);
      }
      table.add(page, table.index(page), 1);
      table.grow(1);
      this.#pages++;
    }
    return count;
  }

  /** How many more pages the mapper may be charged for. @throws ErrnoError ENODEV when it is gone */
  #room({ task, physical, mayLockAll }: Mapping): number {
    const limit = this.#limitOf(task);
    // Beside a physical domain the page is accounted already.
    if (physical !== undefined || mayLockAll) return maxPages;
    return Math.max(0, Math.min(limit - task.locked.pages, maxPages));
  }

  #overLimit(task: Task, wanted: number): ErrnoError {
    const limit = this.#limitOf(task);
    this.#context.onLimit?.(task, wanted, limit * pageSize);
    return new ErrnoError(
      'ENOMEM',
      `process ${task.pid} has ${task.locked.pages} pages locked and may lock ${limit}; raise its RLIMIT_MEMLOCK to pin ${wanted} more`,
    );
  }

  /** Unpins from `pfns[first]` on, as far as one mapping goes; returns the index after the last one, `first` if that is not held. */
  #unpinFrom(first: number, pfns: Float64Array, count: number): number {
    const mapping = this.#find(pfns[first] ?? 0);
    const table = this.#table;
    if (mapping === undefined || table === undefined) return first;
    const { start, numbered, isPlain } = mapping;
    const { counts } = table;
    let gone = 0;
    let at = first;
    const inRuns = isRun(pfns, first);
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
      let run = 1;
      if (!isPlain) {
        if (!mapping.isHeldByOther(this, page)) giveBack(mapping, page);
      } else if (inRuns) {
        const most = Math.min(count - at, slotPages - (page & (slotPages - 1)));
        while (run < most && pfns[at + run] === start + page + run && counts[index + run] === 1) run++;
      }
      table.remove(index, run);
      gone += run;
      at += run;
    }
    if (isPlain) charge(mapping, -gone);
    this.#pages -= gone;
    table.shrink(gone);
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
    if (pfn - mapping.start >= mapping.numbered) throw new ErrnoError('EFAULT', `page ${hex(pfn)} is more than 8 TiB into its mapping`);
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
    const table = new PinTable(mapping.end - mapping.start);
    mapping.tables.set(this, table);
    this.#table = table;
    return table;
  }
}

/** Gives back a page that no other device holds, and what was charged for it. */
function giveBack(mapping: Mapping, page: number): void {
  const { memory, writable } = mapping;
  if (memory.isReserved?.(memory.pfn(page)) !== true) charge(mapping, -1);
  memory.unpin?.(page, writable);
}

/** Whether the second page follows the first: then it is worth to look for such runs. */
function isRun(pfns: Float64Array, first: number): boolean {
  return pfns[first + 1] === (pfns[first] ?? 0) + 1;
}

function charge(mapping: Mapping, pages: number): void {
  mapping.held += pages;
  if (mapping.physical === undefined) mapping.task.locked.pages += pages;
}

function noMemory(mapping: Mapping, page: number): ErrnoError {
  return new ErrnoError('EFAULT', `there is no memory behind page ${hex(mapping.start + page)}`);
}

function hex(pfn: number | undefined): string {
  return `0x${toAddress(pfn ?? 0).toString(16)}`;
}
