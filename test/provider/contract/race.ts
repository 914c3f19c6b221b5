import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { ProviderError } from '../../../src/provider/contract.ts';
import type { Subject } from '../fixture.ts';
import { contractTest, counts, everything, patient } from '../support.ts';

const tries = 20;

/** How many succeeded, and the errnos of the others. */
async function outcomes(promises: readonly Promise<unknown>[]): Promise<{ won: number; lost: string[] }> {
  const settled = await Promise.allSettled(promises);
  const lost = settled
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => (reason instanceof ProviderError ? reason.code : String(reason)));
  return { won: settled.length - lost.length, lost };
}

export function raceContract(subject: Subject): void {
  describe('races', () => {
    for (const known of subject.parents) {
      contractTest(subject, [], `of two creators of one device of ${known.name} exactly one wins, ${tries} times`, async ({ provider }) => {
        for (let round = 0; round < tries; round++) {
          const request = { id: randomUUID(), parent: known.name, typeID: known.typeID };
          expect(await outcomes([provider.create(request, patient), provider.create(request, patient)])).toEqual({
            won: 1,
            lost: ['EEXIST'],
          });
          expect(await provider.listDevices(patient)).toHaveLength(1);
          await provider.remove(request.id, patient);
        }
      });

      contractTest(
        subject,
        [],
        `of two removers of one device of ${known.name} at least one wins, and nothing leaks, ${tries} times`,
        async ({ provider }) => {
          const before = await everything(provider);
          for (let round = 0; round < tries; round++) {
            const id = randomUUID();
            await provider.create({ id, parent: known.name, typeID: known.typeID }, patient);
            const { won, lost } = await outcomes([provider.remove(id, patient), provider.remove(id, patient)]);
            expect(won).toBeGreaterThanOrEqual(1);
            for (const code of lost) expect(['ENOENT', 'ENODEV', 'EBUSY']).toContain(code);
            expect(await everything(provider)).toEqual(before);
          }
        },
      );

      contractTest(subject, [], `more creators than ${known.name} has room for fill it exactly`, async ({ provider }) => {
        const room = known.types[known.typeID] ?? 0;
        const requests = Array.from({ length: room + 3 }, () => ({ id: randomUUID(), parent: known.name, typeID: known.typeID }));
        const { won, lost } = await outcomes(requests.map((request) => provider.create(request, patient)));
        expect(won).toBe(room);
        for (const code of lost) expect(['ENOSPC', 'EUSERS']).toContain(code);
        expect(await provider.listDevices(patient)).toHaveLength(room);
        expect((await counts(provider, known.name))[known.typeID]).toBe(0);
      });
    }

    const [one, other] = subject.parents;
    if (one !== undefined && other !== undefined)
      contractTest(subject, [], `of two creators of one UUID on two parents exactly one wins, ${tries} times`, async ({ provider }) => {
        for (let round = 0; round < tries; round++) {
          const id = randomUUID();
          const requests = [one, other].map(({ name, typeID }) => ({ id, parent: name, typeID }));
          if (round % 2 === 1) requests.reverse();
          expect(await outcomes(requests.map((request) => provider.create(request, patient)))).toEqual({ won: 1, lost: ['EEXIST'] });
          await provider.remove(id, patient);
        }
      });
  });
}
