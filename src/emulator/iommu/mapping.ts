import type { Memory } from './memory.ts';
import { pageSize, toPfn } from './page.ts';
import type { PinTable } from './pin-table.ts';
import { maxPages } from './pin-table.ts';
import type { Task } from './task.ts';

/** What a process maps: a range of IOVAs, its own addresses behind it, and what devices may do there. */
export interface MapRequest {
  readonly iova: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** The process's address, for the checks of it; what is there is `memory`. */
  readonly vaddr: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Whose memory it is: the caller of MAP. */
  readonly task: Task;
  readonly memory: Memory;
}

/** A device that may hold pins in a mapping. */
export interface Holder {
  /** Takes the notice that a range goes away. */
  readonly dmaUnmap: ((iova: bigint, size: bigint) => void) | undefined;
  /** Undoes all its pins in the mapping; returns how many pages they were of. */
  drop(mapping: Mapping): number;
}

/** A range that is mapped (the kernel's struct vfio_dma). */
export class Mapping {
  readonly iova: bigint;
  readonly size: bigint;
  /** The first page frame, and the one after the last. */
  readonly start: number;
  readonly end: number;
  /** How many of its pages can be pinned: there is no memory behind what lies further than 8 TiB into a mapping. */
  readonly numbered: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly task: Task;
  /** CAP_IPC_LOCK, as the task had it when it mapped. */
  readonly mayLockAll: boolean;
  readonly memory: Memory;
  /** What devices hold pinned here, by the device; the one of most mappings is their only one. */
  readonly tables = new Map<Holder, PinTable>();
  /** How many pages devices hold pinned that count: distinct, and not reserved. */
  held = 0;
  /** While a physical domain is in the container the whole range is pinned: how many of its pages count. */
  physical: number | undefined;
  /** It is being unmapped: nothing is pinned in it any more. */
  leaving = false;

  constructor({ iova, size, readable, writable, task, memory }: MapRequest) {
    this.iova = iova;
    this.size = size;
    this.start = toPfn(iova);
    this.end = this.start + Number(size / BigInt(pageSize));
    this.numbered = Math.min(this.end - this.start, maxPages);
    this.readable = readable;
    this.writable = writable;
    this.task = task;
    this.mayLockAll = task.hasIPCLock();
    this.memory = memory;
  }

  /** How many pages of it are accounted to the task. */
  get charged(): number {
    return this.physical ?? this.held;
  }

  /** Whether at most one device pins here, and the memory has neither anything to give back nor reserved pages. */
  get isPlain(): boolean {
    return this.tables.size <= 1 && this.memory.unpin === undefined && this.memory.isReserved === undefined;
  }

  /** Whether a device has the page pinned. */
  isHeld(page: number): boolean {
    return page < this.numbered && this.tables.values().some((table) => table.count(page) > 0);
  }

  /** Whether a device other than `holder` has the page pinned. */
  isHeldByOther(holder: Holder, page: number): boolean {
    if (this.tables.size < 2) return false;
    for (const [other, table] of this.tables) if (other !== holder && table.count(page) > 0) return true;
    return false;
  }
}
