import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer } from '../iommu/testing/world.ts';
import type { RegionInit } from './model.ts';
import { regionAccess } from './region-access.ts';
import { TestModel } from './testing/test-model.ts';

const { regions } = new TestModel();

describe('an access to a region', () => {
  it('goes through where it lies within, and is cut where it runs over the end', () => {
    expect(regionAccess(regions, 1, 0n, 140, false)).toEqual({ offset: 0, length: 140 });
    expect(regionAccess(regions, 0, 12n, 4, true)).toEqual({ offset: 12, length: 4 });
    expect(regionAccess(regions, 0, 15n, 4, true)).toEqual({ offset: 15, length: 1 });
  });

  it('is refused past the end, also by an offset that would wrap', () => {
    for (const offset of [16n, 17n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 64n - 1n, 2n ** 64n, -1n])
      expect(() => regionAccess(regions, 0, offset, 4, false)).toThrow('EINVAL');
  });

  it('is refused where there is no region, or none of that kind', () => {
    for (const index of [4, 5, -1, 0.5, NaN, 2 ** 32]) expect(() => regionAccess(regions, index, 0n, 1, false)).toThrow('EINVAL');
    expect(() => regionAccess(regions, 2, 0n, 1, true)).toThrow('EINVAL');
    expect(() => regionAccess(regions, 3, 0n, 1, false)).toThrow('EINVAL');
  });

  it('agrees with going through it byte by byte', () => {
    const region = fc.record({ size: fc.integer({ min: 0, max: 40 }), readable: fc.boolean(), writable: fc.boolean() });
    const offset = fc.oneof(fc.bigInt({ min: 0n, max: 50n }), fc.bigInt({ min: 2n ** 64n - 50n, max: 2n ** 64n - 1n }), fc.bigInt());
    fc.assert(
      fc.property(
        fc.array(region, { maxLength: 3 }),
        fc.integer({ min: 0, max: 4 }),
        offset,
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        (table: RegionInit[], index, start, length, write) => {
          const wanted = table[index];
          const exists = (at: bigint): boolean => wanted !== undefined && at >= 0n && at < BigInt(wanted.size);
          const allowed = wanted !== undefined && (write ? wanted.writable : wanted.readable);
          let reached = 0;
          while (reached < length && exists(start + BigInt(reached))) reached++;
          const refused = !allowed || reached === 0;
          expect(answer(() => regionAccess(table, index, start, length, write))).toBe(refused ? 'EINVAL' : 'ok');
          if (!refused) expect(regionAccess(table, index, start, length, write)).toEqual({ offset: Number(start), length: reached });
        },
      ),
      { numRuns: 2000 },
    );
  });
});
