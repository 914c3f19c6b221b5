import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PinTable } from './pin-table.ts';

/** Pins `times` more, or fewer if negative, as Pinner does it. */
function change(table: PinTable, page: number, times: number): void {
  for (let time = 0; time < Math.abs(times); time++) {
    if (times > 0) {
      if (table.count(page) > 0) table.increment(page);
      else {
        table.add(page, table.index(page), 1);
        table.grow(1);
      }
    } else if (table.count(page) > 1) table.decrement(page);
    else if (table.count(page) === 1) {
      table.remove(table.index(page), 1);
      table.shrink(1);
    }
  }
}

describe('a table of pins', () => {
  it.each([5, 512, 100_000])('of %i pages counts as a map does, far beyond a byte, and lists what is pinned in order', (pages) => {
    const step = fc.tuple(fc.nat(pages - 1), fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(300, -300, 254, 255, 256)));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new PinTable(pages);
        const naive = new Map<number, number>();
        for (const [page, times] of steps) {
          change(table, page, times);
          const count = Math.max(0, (naive.get(page) ?? 0) + times);
          if (count === 0) naive.delete(page);
          else naive.set(page, count);
          expect(table.count(page)).toBe(count);
          expect(table.pages).toBe(naive.size);
        }
        expect([...table]).toEqual([...naive.keys()].sort((a, b) => a - b));
        for (const [page, count] of naive) expect(table.count(page)).toBe(count);
      }),
      { numRuns: 60 },
    );
  });

  it('costs no more for the places that were pinned before, while one page stays pinned', () => {
    const table = new PinTable(2 ** 28);
    change(table, 5, 1);
    for (let slot = 1; slot < 100_000; slot++) {
      change(table, slot * 512, 1);
      change(table, slot * 512, -1);
    }
    expect(table.counts.length).toBeLessThan(64 * 1024);
    expect([...table]).toEqual([5]);
  });

  it('takes runs, and lets go of their memory', () => {
    const table = new PinTable(1_000_000);
    for (let page = 0; page < 1_000_000; page += 500) {
      const run = Math.min(500 - 0, 512 - (page % 512));
      table.add(page, table.index(page), run);
      table.grow(run);
    }
    const full = table.counts.length;
    expect(full).toBeGreaterThan(500_000);
    const pinned = [...table];
    expect(pinned).toHaveLength(table.pages);
    for (const page of pinned.slice(100)) {
      table.remove(table.index(page), 1);
      table.shrink(1);
    }
    expect(table.pages).toBe(100);
    expect([...table]).toEqual(pinned.slice(0, 100));
    expect(table.counts.length).toBeLessThan(full / 50);
  });
});
