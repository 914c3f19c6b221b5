import { ErrnoError } from '../../../lib/errno.ts';
import type { Memory } from '../memory.ts';
import type { Task } from '../task.ts';

/** A process of a test: all that type1 asks of it can be turned by hand. */
export class TestTask implements Task {
  readonly pid: number;
  readonly comm = 'test';
  readonly locked = { pages: 0 };
  /** Pages. */
  limit = Infinity;
  lockAll = false;
  alive = true;

  constructor(pid: number, limit = Infinity) {
    this.pid = pid;
    this.limit = limit;
  }

  memlockLimit(): number {
    this.#refuseDead();
    return this.limit * 4096;
  }

  hasIPCLock(): boolean {
    this.#refuseDead();
    return this.lockAll;
  }

  #refuseDead(): void {
    if (!this.alive) throw new ErrnoError('ENODEV', `process ${this.pid} is gone`);
  }
}

/** The pages of a process: each virtual page has a host page, but for the missing ones; some are reserved. */
export class TestPages {
  readonly missing = new Set<number>();
  readonly reserved = new Set<number>();
  /** How often each virtual page is taken. */
  readonly taken = new Map<number, number>();
  readonly content = new Map<number, Uint8Array>();
  readonly base: number;

  constructor(base: number) {
    this.base = base;
  }

  /** Host pages do not follow each other as virtual ones do. */
  pfnOf(page: number): number {
    return this.base + ((page * 7) % 4096) + 4096 * Math.floor(page / 4096);
  }
}

/** The memory of a mapping from virtual page `first` on. */
export class TestMemory implements Memory {
  readonly pages: TestPages;
  readonly first: number;

  constructor(pages: TestPages, first: number) {
    this.pages = pages;
    this.first = first;
  }

  pin(page: number, count: number, _writable: boolean, pfns: Float64Array, at: number): number {
    const { missing, taken } = this.pages;
    for (let index = 0; index < count; index++) {
      const virtual = this.first + page + index;
      if (missing.has(virtual)) return index;
      taken.set(virtual, (taken.get(virtual) ?? 0) + 1);
      pfns[at + index] = this.pages.pfnOf(virtual);
    }
    return count;
  }

  pfn(page: number): number {
    return this.pages.pfnOf(this.first + page);
  }

  unpin(page: number): void {
    const virtual = this.first + page;
    const left = (this.pages.taken.get(virtual) ?? 0) - 1;
    if (left < 0) throw new Error(`virtual page ${virtual} was given back more often than taken`);
    if (left === 0) this.pages.taken.delete(virtual);
    else this.pages.taken.set(virtual, left);
  }

  isReserved(pfn: number): boolean {
    return this.pages.reserved.values().some((page) => this.pages.pfnOf(page) === pfn);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    for (let index = 0; index < into.length; index++) into[index] = this.#page(offset + index)[(offset + index) % 4096] ?? 0;
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    for (const [index, value] of from.entries()) this.#page(offset + index)[(offset + index) % 4096] = value;
  }

  #page(offset: number): Uint8Array {
    const virtual = this.first + Math.floor(offset / 4096);
    if (this.pages.missing.has(virtual)) throw new ErrnoError('EFAULT', `virtual page ${virtual} is missing`);
    const page = this.pages.content.get(virtual) ?? new Uint8Array(4096);
    this.pages.content.set(virtual, page);
    return page;
  }
}

/** Memory of which taking a page holds nothing, and none of which is reserved: what type1 has its fast path for. */
export class PlainMemory implements Memory {
  readonly #pages: TestPages;
  readonly #first: number;

  constructor(pages: TestPages, first: number) {
    this.#pages = pages;
    this.#first = first;
  }

  pin(page: number, count: number, _writable: boolean, pfns: Float64Array, at: number): number {
    for (let index = 0; index < count; index++) {
      if (this.#pages.missing.has(this.#first + page + index)) return index;
      pfns[at + index] = this.pfn(page + index);
    }
    return count;
  }

  pfn(page: number): number {
    return this.#pages.pfnOf(this.#first + page);
  }

  async read(): Promise<void> {
    throw new ErrnoError('EFAULT', 'this memory is not read');
  }

  async write(): Promise<void> {
    throw new ErrnoError('EFAULT', 'this memory is not written');
  }
}

/** `ok`, or the errno's name that the call is refused with. */
export function answer(call: () => unknown): string {
  try {
    call();
    return 'ok';
  } catch (error) {
    if (error instanceof ErrnoError) return error.code;
    throw error;
  }
}
