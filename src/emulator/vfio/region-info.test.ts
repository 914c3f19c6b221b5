import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer } from '../iommu/testing/world.ts';
import type { RegionInit } from './model.ts';
import { regionInfo } from './region-info.ts';
import { join, struct, u32, u64 } from './testing/structs.ts';
import { testMemory, TestModel } from './testing/test-model.ts';

const memory = () => testMemory(0x3000);
const sparse: RegionInit = {
  size: 0x4000,
  readable: true,
  writable: true,
  mmap: {
    memory,
    areas: [
      { offset: 0x1000, size: 0x1000 },
      { offset: 0x3000, size: 0x1000 },
    ],
  },
  type: { type: 0x8000_10de, subtype: 7 },
};

/** struct vfio_region_info with only argsz and index set. */
const request = (argsz: number, index = 0): Uint8Array => struct(argsz, 0, index, 0, 0n, 0n);

describe('VFIO_DEVICE_GET_REGION_INFO', () => {
  it('tells flags, size, and an offset of index << 40', () => {
    const { regions } = new TestModel();
    expect(regionInfo(regions, request(32, 0))).toEqual(struct(32, 0b011, 0, 0, 16n, 0n));
    expect(regionInfo(regions, request(32, 2))).toEqual(struct(32, 0b001, 2, 0, 8n, 2n << 40n));
    expect(regionInfo(regions, request(32, 3))).toEqual(struct(32, 0b010, 3, 0, 8n, 3n << 40n));
    expect(regionInfo(regions, request(32, 4))).toEqual(struct(32, 0, 4, 0, 0n, 4n << 40n));
  });

  it('says of a region that can be mapped as a whole no more than so', () => {
    expect(regionInfo([{ size: 0x3000, readable: true, writable: true, mmap: { memory } }], request(32))).toEqual(
      struct(32, 0b111, 0, 0, 0x3000n, 0n),
    );
  });

  it('chains the areas that can be mapped and the type behind the struct, linked from its start', () => {
    expect(regionInfo([sparse], request(4096))).toEqual(
      join(
        struct(96, 0b1111, 0, 32, 0x4000n, 0n),
        // id 1, version 1, next; nr_areas, reserved; areas
        struct(0x0001_0001, 80, 2, 0, 0x1000n, 0x1000n, 0x3000n, 0x1000n),
        // id 2, version 1, no next; type, subtype
        struct(0x0001_0002, 0, 0x8000_10de, 7),
      ),
    );
  });

  it('answers a user who has too little room with the struct alone, which says what is needed; asked so again it gives all', () => {
    const first = regionInfo([sparse], request(32));
    expect(first).toEqual(struct(96, 0b1111, 0, 0, 0x4000n, 0n));
    expect(regionInfo([sparse], request(95))).toEqual(first);
    expect(regionInfo([sparse], request(u32(first, 0)))).toHaveLength(96);
  });

  it('asks for no memory', () => {
    const region: RegionInit = {
      ...sparse,
      mmap: {
        ...sparse.mmap,
        memory: () => {
          throw new Error('nobody maps');
        },
      },
    };
    expect(regionInfo([region], request(4096))).toHaveLength(96);
  });

  it('refuses an index past the last, and an argsz without room for the struct', () => {
    expect(() => regionInfo([sparse], request(32, 1))).toThrow('EINVAL');
    expect(() => regionInfo([sparse], request(32, 0xffff_ffff))).toThrow('EINVAL');
    expect(() => regionInfo([sparse], request(31))).toThrow('EINVAL');
    expect(() => regionInfo([sparse], request(32).subarray(0, 31))).toThrow('EFAULT');
  });

  it('agrees with a naive reader on any region and any argsz', () => {
    const area = fc.record({ offset: fc.integer({ min: 0, max: 2 ** 52 }), size: fc.integer({ min: 1, max: 2 ** 52 }) });
    const id = fc.integer({ min: 0, max: 0xffff_ffff });
    const region = fc
      .record({
        size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
        readable: fc.boolean(),
        writable: fc.boolean(),
        mappable: fc.boolean(),
        areas: fc.array(area, { maxLength: 5 }),
        type: fc.option(fc.record({ type: id, subtype: id }), { nil: undefined }),
      })
      .map(({ mappable, areas, type, ...rest }): RegionInit => ({
        ...rest,
        ...(mappable && { mmap: { memory, areas } }),
        ...(type !== undefined && { type }),
      }));
    const argsz = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 0xffff_ffff }));
    const junk = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.array(region, { maxLength: 4 }), fc.integer({ min: 0, max: 5 }), argsz, junk, (regions, index, size, flags) => {
        const written = struct(size, flags, index, flags, BigInt(flags), BigInt(flags));
        const expected = size < 32 || index >= regions.length ? 'EINVAL' : 'ok';
        expect(answer(() => regionInfo(regions, written))).toBe(expected);
        if (expected !== 'ok') return;
        const wanted = regions[index] as RegionInit;
        const given = regionInfo(regions, written);
        const areas = wanted.mmap?.areas ?? [];
        const needed = 32 + (areas.length > 0 ? 16 + 16 * areas.length : 0) + (wanted.type === undefined ? 0 : 16);
        expect(u32(given, 0)).toBe(needed);
        expect(u64(given, 16)).toBe(BigInt(wanted.size));
        expect(u64(given, 24)).toBe(BigInt(index) * 2n ** 40n);
        expect((u32(given, 4) & 8) !== 0).toBe(needed > 32);
        expect(given).toHaveLength(size < needed ? 32 : needed);
        // What a user finds who follows the links.
        const found = new Map<number, number>();
        for (let at = u32(given, 12); at !== 0; at = u32(given, at + 4)) found.set(u32(given, at), at);
        if (size < needed) expect([...found]).toEqual([]);
        else {
          const [sparseAt, typeAt] = [found.get(0x1_0001), found.get(0x1_0002)];
          expect(found.size).toBe((areas.length > 0 ? 1 : 0) + (wanted.type === undefined ? 0 : 1));
          const readAreas = Array.from({ length: sparseAt === undefined ? 0 : u32(given, sparseAt + 8) }, (_, place) => {
            const at = (sparseAt ?? 0) + 16 + 16 * place;
            return { offset: Number(u64(given, at)), size: Number(u64(given, at + 8)) };
          });
          expect(readAreas).toEqual(areas);
          const readType = typeAt === undefined ? undefined : { type: u32(given, typeAt + 8), subtype: u32(given, typeAt + 12) };
          expect(readType).toEqual(wanted.type);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
