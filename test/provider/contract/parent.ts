import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, counts, make, patient, refusal, until } from '../support.ts';

export function parentContract(subject: Subject): void {
  describe('parents that leave', () => {
    for (const known of subject.parents) {
      contractTest(subject, ['unload'], `${known.name} takes its devices with it, and comes back empty`, async (fixture) => {
        const { provider } = fixture;
        const id = await make(provider, known);
        await fixture.unloadParent(known.name);
        expect(await provider.getDevice(id, patient)).toBeUndefined();
        expect((await provider.listParents(patient)).map(({ name }) => name)).not.toContain(known.name);
        expect(await refusal(provider.getParent(known.name, patient))).toEqual({ code: 'ENODEV', step: 'list' });
        expect(await refusal(provider.create({ id, parent: known.name, typeID: known.typeID }, patient))).toEqual({
          code: 'ENODEV',
          step: 'create',
        });
        await fixture.loadParent(known.name);
        expect(await counts(provider, known.name)).toEqual(known.types);
        await provider.create({ id, parent: known.name, typeID: known.typeID }, patient);
      });

      contractTest(
        subject,
        ['unload', 'leaving'],
        `${known.name} waits for an open device, and makes none meanwhile: ENODEV`,
        async (fixture) => {
          const { provider } = fixture;
          const id = await make(provider, known);
          const held = await fixture.holdOpen(id);
          const unloading = fixture.unloadParent(known.name);
          await until(
            () => provider.getParent(known.name, patient),
            ({ leaving }) => leaving,
          );
          const request = { id: randomUUID(), parent: known.name, typeID: known.typeID };
          expect(await refusal(provider.create(request, patient))).toEqual({ code: 'ENODEV', step: 'create' });
          for (const count of Object.values(await counts(provider, known.name))) expect(count).toBe(0);
          await held.release();
          await unloading;
          expect(await provider.listDevices(patient)).toEqual([]);
        },
      );
    }
  });
}
