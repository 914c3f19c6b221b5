import { ErrnoError } from '../../lib/errno.ts';
import type { OnLimit } from './allowance.ts';
import { Allowance } from './allowance.ts';
import type { MappingList } from './mapping-list.ts';
import type { Holder, Mapping } from './mapping.ts';
import { toAddress } from './page.ts';
import type { PinRequest } from './pin-pages.ts';
import { charge, giveBack, isRun, pinAny, pinRuns, pinScattered, unpinPages } from './pin-pages.ts';
import { PinTable } from './pin-table.ts';

/** The most pages of one call: VFIO_PIN_PAGES_MAX_ENTRIES (page_size / sizeof(unsigned long)) of linux/vfio.h. */
const maxEntries = 512;

/** What pinners share with their container. */
export interface PinContext {
  readonly mappings: MappingList;
  /** False for the first version of the interface, which knows no pinning by drivers. */
  readonly v2: boolean;
  readonly onLimit: OnLimit | undefined;
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
  readonly #allowance: Allowance;
  #pages = 0;
  /** The mapping that was hit last, and our table in it. */
  #mapping: Mapping | undefined;
  #table: PinTable | undefined;
  #released = false;

  constructor(context: PinContext, dmaUnmap: DMAUnmap | undefined, onRelease: () => void) {
    this.#context = context;
    this.dmaUnmap = dmaUnmap;
    this.#onRelease = onRelease;
    this.#allowance = new Allowance(context.onLimit);
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
    this.#allowance.renew();
    if (pfns.buffer === hostPfns.buffer) {
      this.pin(pfns.slice(0, count), count, writable, hostPfns);
      return;
    }
    const request = { pfns, count, writable, hostPfns };
    let done = 0;
    try {
      while (done < count) done = this.#pinFrom(done, request);
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
  #pinFrom(first: number, request: PinRequest): number {
    const { pfns, count, writable, hostPfns } = request;
    const mapping = this.#hit(pfns[first] ?? 0);
    if (writable ? !mapping.writable : !mapping.readable)
      throw new ErrnoError('EPERM', `page ${hex(pfns[first])} is mapped without the right to ${writable ? 'write' : 'read'}`);
    const table = this.#table ?? this.#tableOf(mapping);
    const before = table.pages;
    let next: number;
    if (!mapping.isPlain) next = pinAny(mapping, table, this, this.#allowance, first, request);
    else if (isRun(pfns, first)) next = pinRuns(mapping, table, this.#allowance, first, request);
    else next = pinScattered(mapping, table, this.#allowance, first, request);
    this.#pages += table.pages - before;
    if (next > first) return next;
    this.#allowance.refuseGone(mapping.task);
    const page = (pfns[first] ?? 0) - mapping.start;
    if (mapping.memory.pin(page, 1, writable, hostPfns, first) === 0)
      throw new ErrnoError('EFAULT', `there is no memory behind page ${hex(pfns[first])}`);
    mapping.memory.unpin?.(page, false);
    throw this.#allowance.refusal(mapping.task, count - first);
  }

  /** Unpins from `pfns[first]` on, as far as one mapping goes; returns the index after the last one, `first` if that is not held. */
  #unpinFrom(first: number, pfns: Float64Array, count: number): number {
    const mapping = this.#find(pfns[first] ?? 0);
    const table = this.#table;
    if (mapping === undefined || table === undefined) return first;
    const before = table.pages;
    const next = unpinPages(mapping, table, this, first, pfns, count);
    this.#pages += table.pages - before;
    return next;
  }

  /** The mapping of a page to be pinned. @throws ErrnoError EINVAL when there is none, EFAULT too far into it */
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

function hex(pfn: number | undefined): string {
  if (!Number.isSafeInteger(pfn)) return String(pfn);
  return `0x${toAddress(pfn ?? 0).toString(16)}`;
}
