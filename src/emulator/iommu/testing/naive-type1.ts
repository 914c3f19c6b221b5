/**
 * What a type1 container must answer, written apart from it and as plainly as can be: every pin is an entry of a map, and what is locked
 * is counted by going through all of them. Addresses are page numbers.
 */
import type { TestPages, TestTask } from './world.ts';

export interface NaiveMapping {
  readonly start: number;
  readonly pages: number;
  readonly vaddr: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly task: TestTask;
  readonly lockAll: boolean;
  /** Device and page, to how often it is pinned. */
  readonly pins: Map<string, number>;
}

export interface NaiveDevice {
  readonly name: string;
  /** What it does when a range goes: unpins everything there, or nothing. Undefined: it takes no notices. */
  readonly onUnmap: 'unpin' | 'keep' | undefined;
}

export class NaiveContainer {
  readonly groups = new Map<string, 'physical' | 'local'>();
  mappings: NaiveMapping[] = [];
  /** What devices were told, and what was left pinned in spite of it. */
  readonly told: string[] = [];
  readonly #pagesOf: (task: TestTask) => TestPages;
  /** How many pages the task has locked in all containers. */
  readonly #locked: (task: TestTask) => number;
  readonly #maxMappings: number;

  constructor(pagesOf: (task: TestTask) => TestPages, locked: (task: TestTask) => number, maxMappings: number) {
    this.#pagesOf = pagesOf;
    this.#locked = locked;
    this.#maxMappings = maxMappings;
  }

  get physical(): boolean {
    return [...this.groups.values()].includes('physical');
  }

  /** The pages of this container that count for the task. */
  lockedBy(task: TestTask): number {
    let locked = 0;
    for (const mapping of this.mappings) {
      if (mapping.task !== task) continue;
      for (let page = 0; page < mapping.pages; page++)
        if (this.#counts(mapping, page) && (this.physical || this.#pinned(mapping, page))) locked++;
    }
    return locked;
  }

  pagesOf(device: NaiveDevice): number {
    return this.mappings.flatMap(({ pins }) => [...pins.keys()]).filter((key) => key.startsWith(`${device.name} `)).length;
  }

  map(mapping: Omit<NaiveMapping, 'pins' | 'lockAll'>): string {
    const { start, pages, readable, writable, task } = mapping;
    if (pages <= 0 || (!readable && !writable)) return 'EINVAL';
    if (this.mappings.some((other) => start < other.start + other.pages && other.start < start + pages)) return 'EEXIST';
    if (this.mappings.length >= this.#maxMappings) return 'ENOSPC';
    if (!task.alive) return 'ENODEV';
    const added = { ...mapping, lockAll: task.lockAll, pins: new Map<string, number>() };
    if (this.physical) {
      const refusal = this.#pinWhole(added, this.#locked(task));
      if (typeof refusal === 'string') return refusal;
    }
    this.mappings.push(added);
    this.mappings.sort((a, b) => a.start - b.start);
    return 'ok';
  }

  unmap(start: number, pages: number, devices: readonly NaiveDevice[]): string {
    if (pages <= 0) return 'EINVAL';
    const touched = this.mappings.filter((mapping) => start < mapping.start + mapping.pages && mapping.start < start + pages);
    if (touched.some((mapping) => mapping.start < start || mapping.start + mapping.pages > start + pages)) return 'EINVAL';
    for (const mapping of touched) this.#drop(mapping, devices, true);
    return String(touched.reduce((sum, mapping) => sum + mapping.pages, 0));
  }

  unmapAll(devices: readonly NaiveDevice[]): string {
    const before = this.mappings;
    for (const mapping of before) this.#drop(mapping, devices, true);
    return String(before.reduce((sum, mapping) => sum + mapping.pages, 0));
  }

  attach(name: string, kind: 'physical' | 'local'): string {
    if (this.groups.has(name)) return 'EINVAL';
    if (kind === 'physical' && !this.physical) {
      const extra = new Map<TestTask, number>();
      for (const mapping of this.mappings) {
        const before = extra.get(mapping.task) ?? 0;
        const refusal = this.#pinWhole(mapping, this.#locked(mapping.task) + before);
        if (typeof refusal === 'string') return refusal;
        extra.set(mapping.task, before + refusal);
      }
    }
    this.groups.set(name, kind);
    return 'ok';
  }

  detach(name: string, devices: readonly NaiveDevice[]): string {
    if (!this.groups.delete(name)) return 'EINVAL';
    if (this.groups.size === 0) for (const mapping of this.mappings) this.#drop(mapping, devices, false);
    return 'ok';
  }

  pin(device: NaiveDevice, pages: readonly number[], writable: boolean): { readonly answer: string; readonly pfns: readonly number[] } {
    const nothing = pages.map(() => 0);
    if (device.onUnmap === undefined) return { answer: 'EINVAL', pfns: nothing };
    const undo: (() => void)[] = [];
    const pfns: number[] = [];
    for (const pfn of pages) {
      const refusal = this.#pinOne(device, pfn, writable, undo, pfns);
      if (refusal === undefined) continue;
      for (const step of undo.reverse()) step();
      return { answer: refusal, pfns: nothing };
    }
    return { answer: 'ok', pfns };
  }

  unpin(device: NaiveDevice, pages: readonly number[]): string {
    let done = 0;
    for (const pfn of pages) {
      const mapping = this.#find(pfn);
      const key = `${device.name} ${mapping === undefined ? '' : pfn - mapping.start}`;
      const count = mapping?.pins.get(key) ?? 0;
      if (mapping === undefined || count === 0) break;
      if (count === 1) mapping.pins.delete(key);
      else mapping.pins.set(key, count - 1);
      done++;
    }
    return done === 0 && pages.length > 0 ? 'EINVAL' : String(done);
  }

  release(device: NaiveDevice): void {
    for (const { pins } of this.mappings) for (const key of [...pins.keys()]) if (key.startsWith(`${device.name} `)) pins.delete(key);
  }

  close(): void {
    this.mappings = [];
    this.groups.clear();
  }

  #find(pfn: number): NaiveMapping | undefined {
    return this.mappings.find(({ start, pages }) => pfn >= start && pfn < start + pages);
  }

  #counts(mapping: NaiveMapping, page: number): boolean {
    return !this.#pagesOf(mapping.task).reserved.has(mapping.vaddr + page);
  }

  #pinned(mapping: NaiveMapping, page: number): boolean {
    return [...mapping.pins.keys()].some((key) => key.endsWith(` ${page}`));
  }

  /** What a physical domain does to a mapping, page by page: the refusal, or how many pages are charged for. */
  #pinWhole(mapping: NaiveMapping, locked: number): string | number {
    if (!mapping.task.alive) return 'ENODEV';
    let charged = 0;
    for (let page = 0; page < mapping.pages; page++) {
      if (this.#pagesOf(mapping.task).missing.has(mapping.vaddr + page)) return 'EFAULT';
      if (!this.#counts(mapping, page) || this.#pinned(mapping, page)) continue;
      if (!mapping.lockAll && locked + charged + 1 > mapping.task.limit) return 'ENOMEM';
      charged++;
    }
    return charged;
  }

  #pinOne(device: NaiveDevice, pfn: number, writable: boolean, undo: (() => void)[], pfns: number[]): string | undefined {
    const mapping = this.#find(pfn);
    if (mapping === undefined) return 'EINVAL';
    if (writable ? !mapping.writable : !mapping.readable) return 'EPERM';
    const page = pfn - mapping.start;
    const key = `${device.name} ${page}`;
    const count = mapping.pins.get(key) ?? 0;
    if (!this.#pinned(mapping, page)) {
      const pages = this.#pagesOf(mapping.task);
      if (!mapping.task.alive) return 'ENODEV';
      if (pages.missing.has(mapping.vaddr + page)) return 'EFAULT';
      const charges = this.#counts(mapping, page) && !this.physical && !mapping.lockAll;
      if (charges && this.#locked(mapping.task) + 1 > mapping.task.limit) return 'ENOMEM';
    }
    mapping.pins.set(key, count + 1);
    undo.push(() => {
      if (count === 0) mapping.pins.delete(key);
      else mapping.pins.set(key, count);
    });
    pfns.push(this.#pagesOf(mapping.task).pfnOf(mapping.vaddr + page));
    return undefined;
  }

  #drop(mapping: NaiveMapping, devices: readonly NaiveDevice[], telling: boolean): void {
    for (const device of telling ? devices : []) {
      const keys = [...mapping.pins.keys()].filter((key) => key.startsWith(`${device.name} `));
      if (keys.length === 0) continue;
      this.told.push(`tell ${device.name} ${mapping.start} ${mapping.pages}`);
      if (device.onUnmap === 'unpin') for (const key of keys) mapping.pins.delete(key);
    }
    if (mapping.pins.size > 0) this.told.push(`left ${mapping.start} ${mapping.pins.size}`);
    this.mappings = this.mappings.filter((other) => other !== mapping);
  }
}
