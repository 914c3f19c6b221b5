import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identified } from './uuid-table.ts';
import { UUIDTable } from './uuid-table.ts';

const uuidOf = (number: number): string => `12345678-1234-1234-1234-${number.toString(16).padStart(12, '0')}`;

describe('a table of devices by UUID', () => {
  it('holds what a Map would hold, after any additions and removals', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(120), { maxLength: 400, size: 'max' }), (steps) => {
        const table = new UUIDTable<Identified>();
        const map = new Map<string, Identified>();
        for (const step of steps) {
          const uuid = uuidOf(step);
          if (map.delete(uuid)) table.delete(uuid);
          else {
            const item = { identity: { uuid } };
            map.set(uuid, item);
            table.add(item);
          }
          expect(table.size).toBe(map.size);
        }
        for (let number = 0; number <= 120; number++) expect(table.get(uuidOf(number))).toBe(map.get(uuidOf(number)));
        expect(new Set(table)).toEqual(new Set(map.values()));
      }),
    );
  });

  it('keeps finding the others while one UUID comes and goes ten thousand times', () => {
    const table = new UUIDTable<Identified>();
    for (let number = 0; number < 1000; number++) table.add({ identity: { uuid: uuidOf(number) } });
    for (let round = 0; round < 10_000; round++) {
      table.add({ identity: { uuid: uuidOf(5000) } });
      table.delete(uuidOf(5000));
    }
    table.delete(uuidOf(5000));
    expect(table.size).toBe(1000);
    for (let number = 0; number < 1000; number++) expect(table.get(uuidOf(number))?.identity.uuid).toBe(uuidOf(number));
  });
});
