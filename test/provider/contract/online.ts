import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, make, on, parentsWith, patient, refusal } from '../support.ts';

export function onlineContract(subject: Subject): void {
  describe('online and offline', () => {
    for (const known of parentsWith(subject, 'devices are switched', ({ features }) => features.includes('Online'))) {
      contractTest(subject, [], `a device of ${known.name} is switched on and off, twice without harm`, async ({ provider }) => {
        const id = await make(provider, known);
        for (const online of [true, true, false, false, true]) {
          await provider.setOnline(id, online, patient);
          expect(await provider.getDevice(id, patient)).toMatchObject({ online });
        }
        await provider.remove(id, patient);
      });

      contractTest(subject, [], `a device of ${known.name} in use cannot be switched off: EBUSY`, async (fixture) => {
        const { provider } = fixture;
        const id = await make(provider, known);
        await provider.setOnline(id, true, patient);
        const held = await fixture.holdOpen(id);
        expect(await refusal(provider.setOnline(id, false, patient))).toEqual({ code: 'EBUSY', step: 'online' });
        expect(await provider.getDevice(id, patient)).toMatchObject({ online: true });
        await held.release();
        await provider.setOnline(id, false, patient);
      });

      contractTest(on(subject, known), ['faults'], `a driver of ${known.name} that fails leaves the device as it was`, async (fixture) => {
        const { provider } = fixture;
        const id = await make(provider, known);
        const before = await provider.getDevice(id, patient);
        await fixture.strike(known.name, 'online', 'ENOMEM');
        expect(await refusal(provider.setOnline(id, true, patient))).toEqual({ code: 'ENOMEM', step: 'online' });
        expect(await provider.getDevice(id, patient)).toEqual(before);
      });

      contractTest(subject, [], `a device that ${known.name} has not is ENODEV`, async ({ provider }) => {
        expect(await refusal(provider.setOnline(randomUUID(), true, patient))).toEqual({ code: 'ENODEV', step: 'online' });
      });
    }

    for (const known of parentsWith(subject, 'switching is refused', ({ features }) => !features.includes('Online')))
      contractTest(subject, [], `${known.name} lacks it: EOPNOTSUPP`, async ({ provider }) => {
        const id = await make(provider, known);
        for (const online of [true, false])
          expect(await refusal(provider.setOnline(id, online, patient))).toEqual({ code: 'EOPNOTSUPP', step: 'online' });
      });
  });
}
