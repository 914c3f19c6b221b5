/**
 * What version 7 of the mdev patch series got wrong in its type1 IOMMU, one test each; the numbers are lines of the mailing-list thread in
 * which it was reviewed. v7's behaviour would fail every one of them.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { toAddress } from './page.ts';
import type { Pinner } from './pinner.ts';
import { answer, TestMemory, TestPages, TestTask } from './testing/world.ts';
import type { DMAGroup } from './type1.ts';
import { Type1 } from './type1.ts';

const local: DMAGroup = { kind: 'local' };
const physical: DMAGroup = { kind: 'physical' };

let task: TestTask;
let pages: TestPages;
let type1: Type1;
let pinner: Pinner;

beforeEach(() => {
  task = new TestTask(1);
  pages = new TestPages(1000);
  type1 = new Type1();
  type1.attachGroup(local);
  pinner = type1.addPinner(() => undefined);
});

function map(
  start: number,
  length: number,
  rights: { readonly readable?: boolean; readonly writable?: boolean; readonly task?: TestTask } = {},
): void {
  const { readable = true, writable = true, task: mapper = task } = rights;
  const memory = new TestMemory(pages, start);
  type1.map({ iova: toAddress(start), size: toAddress(length), vaddr: 0n, readable, writable, task: mapper, memory });
}

function pin(...pfns: number[]): string {
  return answer(() => pinner.pin(Float64Array.from(pfns), pfns.length, true, new Float64Array(pfns.length)));
}

function unpin(...pfns: number[]): string {
  return answer(() => pinner.unpin(Float64Array.from(pfns), pfns.length));
}

describe('unlike v7, type1', () => {
  it('has a local domain as soon as a group of mediated devices is in (4723, 6400)', () => {
    map(16, 4);
    expect(pages.taken.size).toBe(0);
    expect(pin(17)).toBe('ok');
    expect(task.locked.pages).toBe(1);
  });

  it('finds the first page of a mapping, and its last (4522)', () => {
    map(16, 4);
    expect([pin(16), pin(19), pin(15), pin(20)]).toEqual(['ok', 'ok', 'EINVAL', 'EINVAL']);
  });

  it('pins for writing only what may be written, and for reading what may be read', () => {
    map(16, 1, { writable: false });
    map(17, 1, { readable: false });
    expect(pin(16)).toBe('EPERM');
    expect(answer(() => pinner.pin(Float64Array.of(16), 1, false, new Float64Array(1)))).toBe('ok');
    expect(answer(() => pinner.pin(Float64Array.of(17), 1, false, new Float64Array(1)))).toBe('EPERM');
  });

  it('takes no page where there is none (4335)', () => {
    map(16, 4);
    pages.missing.add(17);
    expect(pin(16, 17)).toBe('EFAULT');
    expect([task.locked.pages, pages.taken.size]).toEqual([0, 0]);
  });

  it('asks for the limit and the right of the process that mapped (4433)', () => {
    const other = new TestTask(2, 1);
    map(16, 4);
    map(32, 4, { task: other });
    expect([pin(16, 17, 18), pin(32), pin(33)]).toEqual(['ok', 'ok', 'ENOMEM']);
    expect([task.locked.pages, other.locked.pages]).toEqual([3, 1]);
    // The capability counts as it was when the range was mapped.
    other.lockAll = true;
    expect(pin(33)).toBe('ENOMEM');
    map(48, 4, { task: other });
    expect(pin(48, 49)).toBe('ok');
  });

  it('asks for no limit where it does not account (4448)', () => {
    map(16, 4);
    type1.attachGroup(physical);
    task.limit = 0;
    expect(pin(16, 17)).toBe('ok');
    expect(task.locked.pages).toBe(4);
  });

  it('accounts reserved pages neither when they are pinned nor when they are unpinned (4461)', () => {
    map(16, 4);
    pages.reserved.add(17);
    task.limit = 1;
    expect(pin(16, 17)).toBe('ok');
    expect(task.locked.pages).toBe(1);
    expect(unpin(17, 16)).toBe('ok');
    expect(task.locked.pages).toBe(0);
  });

  it('un-accounts what it has accounted, no more and no less (4602, 4764)', () => {
    map(16, 4);
    type1.attachGroup(physical);
    pin(16, 17);
    unpin(16, 17);
    expect(task.locked.pages).toBe(4);
    pin(16);
    pin(17);
    type1[Symbol.dispose]();
    expect([task.locked.pages, pages.taken.size]).toEqual([0, 0]);
  });

  it('unpins though no local domain is left (4592)', () => {
    type1.attachGroup(physical);
    map(16, 4);
    pin(16);
    type1.detachGroup(local);
    expect([unpin(17), unpin(16)]).toEqual(['EINVAL', 'ok']);
    expect(task.locked.pages).toBe(4);
  });

  it('undoes of a refused call exactly what that call has added (4562)', () => {
    map(16, 4);
    pin(16);
    expect(pin(16, 17, 99)).toBe('EINVAL');
    expect([task.locked.pages, pinner.pages]).toEqual([1, 1]);
    expect([unpin(17), unpin(16), unpin(16)]).toEqual(['EINVAL', 'ok', 'EINVAL']);
  });

  it('leaves no pins in a range that is unmapped (4614)', () => {
    map(16, 4);
    pin(16, 17);
    type1.unmap(toAddress(16), toAddress(4));
    expect([task.locked.pages, pinner.pages, pages.taken.size]).toEqual([0, 0, 0]);
    map(16, 4);
    expect(unpin(16)).toBe('EINVAL');
  });

  it('lets a process die with pages pinned (4740)', () => {
    map(16, 4);
    pin(16);
    task.alive = false;
    expect([pin(17), pin(16)]).toEqual(['ENODEV', 'ok']);
    expect([unpin(16), unpin(16)]).toEqual(['ok', 'ok']);
    expect([task.locked.pages, pages.taken.size]).toEqual([0, 0]);
  });

  it('takes no more than 512 pages in one call (4129)', () => {
    map(0, 1024);
    expect(pin(...Array.from({ length: 513 }, (_, page) => page))).toBe('E2BIG');
  });

  it('accounts anew for mediated devices when the last physical domain leaves, and for it when one comes (4816)', () => {
    map(16, 4);
    pin(16);
    type1.attachGroup(physical);
    expect(task.locked.pages).toBe(4);
    pin(17);
    type1.detachGroup(physical);
    expect([task.locked.pages, pages.taken.size]).toEqual([2, 2]);
    task.limit = 3;
    expect(answer(() => type1.attachGroup(physical))).toBe('ENOMEM');
    expect([task.locked.pages, pages.taken.size]).toEqual([2, 2]);
    unpin(16, 17);
    expect(task.locked.pages).toBe(0);
  });
});
