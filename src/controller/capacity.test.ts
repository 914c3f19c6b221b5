import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityModel, freeShare, remaining, withPending, type PendingCounts } from './capacity.ts';
import { parentNamed, type ParentSketch } from './testing/objects.ts';

function counts(sketch: ParentSketch, pending: Record<string, number> = {}): Record<string, number> {
  const model = capacityModel(parentNamed('p', sketch).status);
  const map = new Map(Object.entries(pending));
  return Object.fromEntries(Object.keys(sketch.types ?? {}).map((id) => [id, remaining(model, map, id)]));
}

const gvt = { sharing: 'Pooled', types: { small: [8, 8], middle: [4, 4], big: [2, 2] } } as const;
const m60 = { sharing: 'Exclusive', types: { a: [16, 16], b: [8, 8] } } as const;

describe('remaining', () => {
  it.each([
    ['an empty pool has what its status says', gvt, {}, { small: 8, middle: 4, big: 2 }],
    ['a pending big device takes half of the pool from all', gvt, { big: 1 }, { small: 4, middle: 2, big: 1 }],
    ['one more small device breaks the last big place', gvt, { big: 1, small: 1 }, { small: 3, middle: 1, big: 0 }],
    ['a full pool has nothing', gvt, { big: 2 }, { small: 0, middle: 0, big: 0 }],
    [
      'what the status shows is not counted again',
      { sharing: 'Pooled', types: { small: [4, 8], middle: [2, 4], big: [1, 2] } } as const,
      { small: 1 },
      { small: 3, middle: 1, big: 0 },
    ],
    [
      'slots of one and two ports',
      { sharing: 'Slots', types: { one: [24, 24], two: [12, 12] } } as const,
      { one: 1, two: 1 },
      { one: 21, two: 10 },
    ],
    ['a pending device fixes the type of an exclusive parent', m60, { a: 1 }, { a: 15, b: 0 }],
    [
      'an existing device does so too',
      { ...m60, devices: [{ uuid: 'u', typeID: 'b' }], types: { a: [16, 16], b: [7, 8] } } as const,
      { b: 2 },
      { a: 0, b: 5 },
    ],
    [
      'also if the driver goes on offering other types',
      { ...m60, devices: [{ uuid: 'u', typeID: 'b' }], types: { a: [16, 16], b: [7, 8] } } as const,
      {},
      { a: 0, b: 7 },
    ],
    ['unknown sharing: several of one type may be pending', { types: { a: [3], b: [2] } } as const, { a: 2 }, { a: 1, b: 0 }],
    ['unknown sharing: no more than available', { types: { a: [3], b: [2] } } as const, { a: 3 }, { a: 0, b: 0 }],
    [
      'a pool whose sizes are not known counts as unknown',
      { sharing: 'Pooled', types: { a: [3], b: [2, 4] } } as const,
      { b: 1 },
      { a: 0, b: 1 },
    ],
    ['a type that can never be created has none', { sharing: 'Pooled', types: { a: [0, 0], b: [2, 2] } } as const, {}, { a: 0, b: 2 }],
  ] as const)('%s', (_, sketch, pending, expected) => {
    expect(counts(sketch as ParentSketch, pending)).toEqual(expected);
  });

  it('knows nothing of a type that is not offered, nor of a parent without status', () => {
    expect(remaining(capacityModel(parentNamed('p', gvt).status), new Map(), 'other')).toBe(0);
    expect(remaining(capacityModel(undefined), new Map(), 'small')).toBe(0);
  });

  it('tells how empty a parent is', () => {
    const model = capacityModel(parentNamed('p', gvt).status);
    expect(freeShare(model, new Map(), 'small')).toBe(1);
    expect(freeShare(model, new Map([['big', 1]]), 'small')).toBe(0.5);
    expect(freeShare(capacityModel(parentNamed('p', m60).status), new Map([['a', 4]]), 'a')).toBe(0.75);
  });
});

/** What a parent really is, in units, as its driver would count: the naive model to judge by. */
interface Hardware {
  readonly sharing: 'Pooled' | 'Slots' | 'Exclusive';
  readonly units: number;
  readonly sizes: readonly number[];
}

function free(hardware: Hardware, created: readonly number[]): number {
  return hardware.units - created.reduce((sum, type) => sum + (hardware.sizes[type] ?? 0), 0);
}

function available(hardware: Hardware, created: readonly number[], type: number): number {
  if (hardware.sharing === 'Exclusive' && created.some((other) => other !== type)) return 0;
  return Math.floor(free(hardware, created) / (hardware.sizes[type] ?? 1));
}

function statusOf(hardware: Hardware, created: readonly number[]): ParentSketch {
  const types = hardware.sizes.map(
    (size, type) => [`t${type}`, [available(hardware, created, type), Math.floor(hardware.units / size)]] as const,
  );
  return {
    sharing: hardware.sharing,
    types: Object.fromEntries(types),
    devices: created.map((type, index) => ({ uuid: `u${index}`, typeID: `t${type}` })),
  };
}

const hardware = fc.record<Hardware>({
  sharing: fc.constantFrom('Pooled', 'Slots', 'Exclusive'),
  // Sizes need not divide the whole: real pools have a rest.
  units: fc.integer({ min: 1, max: 60 }),
  sizes: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
});

describe('the capacity model against a count of units', () => {
  it('never over-books a pool whose sizes divide it, slots, or an exclusive parent, whatever part of it the status shows', () => {
    fc.assert(
      fc.property(
        hardware.map((of) => ({ ...of, units: of.sizes.reduce((a, b) => (a * b) / gcd(a, b), 1) * 2 })),
        fc.array(fc.nat({ max: 3 }), { maxLength: 30 }),
        fc.array(fc.nat({ max: 3 }), { maxLength: 40 }),
        (of, before, wanted) => {
          const { created, all } = allocateBlindly(of, before, wanted);
          expect(free(of, all)).toBeGreaterThanOrEqual(0);
          if (of.sharing === 'Exclusive') expect(new Set(all).size).toBeLessThanOrEqual(1);
          expect(all.length).toBeGreaterThanOrEqual(created.length);
        },
      ),
    );
  });

  it('fills such a parent to the last unit: what it refuses would not fit', () => {
    fc.assert(
      fc.property(
        hardware.map((of) => ({ ...of, units: of.sizes.reduce((a, b) => (a * b) / gcd(a, b), 1) * 2 })),
        fc.array(fc.nat({ max: 3 }), { maxLength: 40 }),
        (of, wanted) => {
          const { all } = allocateBlindly(of, [], wanted);
          for (const type of new Set(wanted.map((index) => index % of.sizes.length))) {
            const refused =
              wanted.filter((index) => index % of.sizes.length === type).length > all.filter((other) => other === type).length;
            if (refused) expect(available(of, all, type)).toBe(0);
          }
        },
      ),
    );
  });

  it('takes no more of a type than available, also where a rest makes sizes inexact', () => {
    fc.assert(
      fc.property(hardware, fc.array(fc.nat({ max: 3 }), { maxLength: 30 }), fc.nat({ max: 3 }), (of, before, pick) => {
        const type = pick % of.sizes.length;
        const created = fill(of, before);
        const { all } = allocateBlindly(of, before, Array<number>(100).fill(type));
        expect(all.length - created.length).toBeLessThanOrEqual(available(of, created, type));
      }),
    );
  });
});

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Creates what the hardware takes of `wanted`. */
function fill(of: Hardware, wanted: readonly number[]): number[] {
  const created: number[] = [];
  for (const index of wanted) {
    const type = index % of.sizes.length;
    if (available(of, created, type) > 0) created.push(type);
  }
  return created;
}

/** Allocates `wanted` by the model alone, while the status goes on showing only what was created before. */
function allocateBlindly(of: Hardware, before: readonly number[], wanted: readonly number[]): { created: number[]; all: number[] } {
  const created = fill(of, before);
  const model = capacityModel(parentNamed('p', statusOf(of, created)).status);
  const all = [...created];
  let pending: PendingCounts = new Map();
  for (const index of wanted) {
    const type = index % of.sizes.length;
    if (remaining(model, pending, `t${type}`) === 0) continue;
    pending = withPending(pending, `t${type}`);
    all.push(type);
  }
  return { created, all };
}
