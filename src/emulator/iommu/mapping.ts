import type { Memory } from './memory.ts';
import { pageSize, toPfn } from './page.ts';
import type { PinTable } from './pin-table.ts';
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

/** Host pages that follow each other, from a page of the mapping on. */
export interface Extent {
  readonly page: number;
  readonly pfn: number;
  count: number;
}

/** What an IOMMU-capable domain has pinned of a mapping: all of it. */
export interface PhysicalPins {
  readonly extents: readonly Extent[];
  /** How many of the pages are not reserved: those are accounted. */
  readonly countable: number;
}

/** A range that is mapped (the kernel's struct vfio_dma). */
export class Mapping {
  readonly iova: bigint;
  readonly size: bigint;
  /** The first page frame, and the one after the last. */
  readonly start: number;
  readonly end: number;
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
  /** The pins of the whole range, while a physical domain is in the container. */
  physical: PhysicalPins | undefined;
  /** It is being unmapped: nothing is pinned in it any more. */
  leaving = false;

  constructor({ iova, size, readable, writable, task, memory }: MapRequest) {
    this.iova = iova;
    this.size = size;
    this.start = toPfn(iova);
    this.end = this.start + Number(size / BigInt(pageSize));
    this.readable = readable;
    this.writable = writable;
    this.task = task;
    this.mayLockAll = task.hasIPCLock();
    this.memory = memory;
  }

  /** How many pages of it are accounted to the task. */
  get charged(): number {
    return this.physical?.countable ?? this.held;
  }

  /** Whether a device other than `holder` has the page pinned; answers its table. */
  heldByOther(holder: Holder, page: number): PinTable | undefined {
    if (this.tables.size < 2) return undefined;
    for (const [other, table] of this.tables) if (other !== holder && table.count(page) > 0) return table;
    return undefined;
  }
}
