import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceList } from './device-list.ts';

describe('a device list', () => {
  it('holds what a set would hold, after any adds and removes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 60, size: 'max' }), (steps) => {
        const items = [...Array(10).keys()].map((number) => ({ number, place: -1 }));
        const list = new DeviceList<(typeof items)[number]>();
        const set = new Set<(typeof items)[number]>();
        for (const step of steps) {
          for (const item of items.filter(({ number }) => number === step)) {
            if (set.delete(item)) list.remove(item);
            else {
              list.add(item);
              set.add(item);
            }
          }
          expect(list.size).toBe(set.size);
          expect(new Set(list)).toEqual(set);
          for (const item of items) expect(list.has(item)).toBe(set.has(item));
        }
      }),
    );
  });
});
