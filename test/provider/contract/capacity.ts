import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, counts, make, parentsWith, patient, refusal } from '../support.ts';

export function capacityContract(subject: Subject): void {
  describe('counting', () => {
    for (const known of subject.parents)
      contractTest(
        subject,
        [],
        `the counts of ${known.name} walk down ${known.walk.map(({ create }) => create).join(', ')}, and back`,
        async ({ provider }) => {
          const made: string[] = [];
          const seen = [await counts(provider, known.name)];
          for (const step of known.walk) {
            made.push(await make(provider, known, step.create));
            seen.push(await counts(provider, known.name));
          }
          expect(seen).toEqual([known.types, ...known.walk.map((step) => step.counts)]);
          const back: Record<string, number>[] = [];
          for (const id of made.reverse()) {
            await provider.remove(id, patient);
            back.push(await counts(provider, known.name));
          }
          expect(back).toEqual(seen.slice(0, -1).reverse());
        },
      );

    for (const known of subject.parents)
      contractTest(subject, [], `a full ${known.name} refuses, says why, and changes nothing`, async ({ provider }) => {
        const room = known.types[known.typeID] ?? 0;
        for (let index = 0; index < room; index++) await make(provider, known);
        const before = await provider.getParent(known.name, patient);
        const { code, step } = await refusal(provider.create({ id: randomUUID(), parent: known.name, typeID: known.typeID }, patient));
        expect(['ENOSPC', 'EUSERS']).toContain(code);
        expect(step).toBe('create');
        expect(await provider.getParent(known.name, patient)).toEqual(before);
        expect(before.types.find(({ id }) => id === known.typeID)).toMatchObject({ availableInstances: 0, instances: room });
      });

    for (const known of parentsWith(subject, 'the first device fixes the type', ({ sharing }) => sharing === 'Exclusive'))
      contractTest(
        subject,
        [],
        `the first device of ${known.name} drops all other types to 0, with the reason, until the last one goes`,
        async ({ provider }) => {
          const others = Object.keys(known.types).filter((typeID) => typeID !== known.typeID);
          const ids = [await make(provider, known), await make(provider, known)];
          const { types } = await provider.getParent(known.name, patient);
          for (const type of types.filter(({ id }) => id !== known.typeID)) {
            expect(type).toMatchObject({ availableInstances: 0, instances: 0 });
            expect(type.reason).toMatch(/\w/);
          }
          for (const typeID of others)
            expect((await refusal(provider.create({ id: randomUUID(), parent: known.name, typeID }, patient))).step).toBe('create');
          await provider.remove(ids[0] ?? '', patient);
          expect((await counts(provider, known.name))[others[0] ?? '']).toBe(0);
          await provider.remove(ids[1] ?? '', patient);
          expect(await counts(provider, known.name)).toEqual(known.types);
        },
      );
  });
}
