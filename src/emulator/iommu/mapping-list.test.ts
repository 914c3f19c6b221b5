import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MappingList } from './mapping-list.ts';
import { Mapping } from './mapping.ts';
import { toAddress } from './page.ts';
import { TestMemory, TestPages, TestTask } from './testing/world.ts';

const task = new TestTask(1);
const pages = new TestPages(0);

function mapping(start: number, length: number): Mapping {
  const [iova, size] = [toAddress(start), toAddress(length)];
  return new Mapping({ iova, size, vaddr: 0n, readable: true, writable: true, task, memory: new TestMemory(pages, 0) });
}

describe('the list of mappings', () => {
  it('finds what a plain list finds, whatever was added and taken out', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 4 }), fc.boolean()), { maxLength: 200 }), (steps) => {
        const list = new MappingList();
        let naive: Mapping[] = [];
        for (const [start, length, add] of steps) {
          const there = naive.find((other) => start < other.end && other.start < start + length);
          if (add && there === undefined) {
            const added = mapping(start, length);
            list.add(added);
            naive = [...naive, added].sort((a, b) => a.start - b.start);
          } else if (!add && there !== undefined) {
            list.remove(there);
            naive = naive.filter((other) => other !== there);
          }
          expect(list.size).toBe(naive.length);
          expect([...list]).toEqual(naive);
          for (const pfn of [start, start + length]) {
            expect(list.from(pfn)).toBe(naive.find(({ end }) => end > pfn));
            expect(list.find(pfn)).toBe(naive.find((other) => other.start <= pfn && pfn < other.end));
          }
        }
      }),
    );
  });

  it('holds 65,535 of them in any order', () => {
    const list = new MappingList();
    // Every number below 65,536 but 0, once each: 3 is a generator of the numbers modulo the prime 65,537.
    const starts: number[] = [];
    for (let number = 1, count = 0; count < 65_535; count++, number = (number * 3) % 65_537) starts.push(number * 2);
    for (const start of starts) list.add(mapping(start, 1));
    expect(list.size).toBe(65_535);
    for (const start of starts) expect(list.find(start)?.start).toBe(start);
    expect(list.find((starts[0] ?? 0) + 1)).toBeUndefined();
    for (const found of [...list].filter((_, index) => index % 2 === 0)) list.remove(found);
    expect([...list]).toHaveLength(32_767);
  });
});
