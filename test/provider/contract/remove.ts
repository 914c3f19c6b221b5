import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, everything, make, on, patient, refusal, until } from '../support.ts';

export function removeContract(subject: Subject): void {
  describe('removing', () => {
    for (const known of subject.parents) {
      contractTest(subject, [], `a device of ${known.name} goes with all it took, and its id is free again`, async ({ provider }) => {
        const before = await everything(provider);
        const id = await make(provider, known);
        await provider.remove(id, patient);
        expect(await everything(provider)).toEqual(before);
        await provider.create({ id, parent: known.name, typeID: known.typeID }, patient);
      });

      contractTest(subject, [], `a device of ${known.name} in use is EBUSY at the claim, and nothing changes`, async (fixture) => {
        const { provider } = fixture;
        const id = await make(provider, known);
        const held = await fixture.holdOpen(id);
        const before = await everything(provider);
        expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'EBUSY', step: 'claim' });
        expect(await everything(provider)).toEqual(before);
        expect((await provider.users(id, patient)).inUse).toBe(true);
        await held.release();
        await provider.remove(id, patient);
        expect(await provider.getDevice(id, patient)).toBeUndefined();
      });

      contractTest(
        on(subject, known),
        ['faults'],
        `a device of ${known.name} that is being removed can be neither opened, made nor removed`,
        async (fixture) => {
          const { provider } = fixture;
          const id = await make(provider, known);
          await fixture.strike(known.name, 'remove', 'hang');
          const removal = provider.remove(id, patient);
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'removing',
          );
          expect(await provider.listDevices(patient)).toMatchObject([{ id, state: 'removing' }]);
          await expect(fixture.holdOpen(id)).rejects.toThrow();
          expect(await refusal(provider.create({ id, parent: known.name, typeID: known.typeID }, patient))).toEqual({
            code: 'EEXIST',
            step: 'create',
          });
          expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'ENOENT', step: 'remove' });
          await fixture.heal();
          await removal;
          expect(await provider.getDevice(id, patient)).toBeUndefined();
        },
      );

      contractTest(
        on(subject, known),
        ['faults'],
        `a device of ${known.name} that is being created is EAGAIN, and is made all the same`,
        async (fixture) => {
          const { provider } = fixture;
          const id = randomUUID();
          await fixture.strike(known.name, 'create', 'hang');
          const creation = provider.create({ id, parent: known.name, typeID: known.typeID }, patient);
          await until(
            () => provider.getDevice(id, patient),
            (device) => device?.state === 'creating',
          );
          expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'EAGAIN', step: 'remove' });
          await fixture.heal();
          expect(await creation).toMatchObject({ id, state: 'live' });
          await provider.remove(id, patient);
        },
      );

      contractTest(
        on(subject, known),
        ['faults', 'refusedRemoval'],
        `a driver of ${known.name} that refuses leaves the device as it was`,
        async (fixture) => {
          const { provider } = fixture;
          const id = await make(provider, known);
          const before = await everything(provider);
          await fixture.strike(known.name, 'remove', 'EIO');
          expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'EIO', step: 'remove' });
          expect(await everything(provider)).toEqual(before);
          await fixture.heal();
          const held = await fixture.holdOpen(id);
          await held.release();
          await provider.remove(id, patient);
        },
      );
    }

    const [first] = subject.parents;
    if (first === undefined) throw new Error('The contract needs a parent');

    contractTest(subject, [], 'what does not exist is ENOENT, what cannot be EINVAL', async ({ provider }) => {
      expect(await refusal(provider.remove(randomUUID(), patient))).toEqual({ code: 'ENOENT', step: 'remove' });
      for (const id of ['', '..', 'x'.repeat(10_000)])
        expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'EINVAL', step: 'remove' });
    });

    contractTest(subject, [], 'what was removed by hand is ENOENT', async (fixture) => {
      const id = await make(fixture.provider, first);
      await fixture.removeByHand(id);
      expect(await refusal(fixture.provider.remove(id, patient))).toEqual({ code: 'ENOENT', step: 'remove' });
    });

    contractTest(subject, [], 'what others made can be removed', async (fixture) => {
      const id = randomUUID();
      await fixture.makeForeign(first.name, first.typeID, id);
      await fixture.provider.remove(id, patient);
      expect(await fixture.provider.listDevices(patient)).toEqual([]);
    });

    contractTest(subject, [], 'an aborted signal removes nothing', async ({ provider }) => {
      const id = await make(provider, first);
      const reason = new Error('not wanted any more');
      await expect(provider.remove(id, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await provider.getDevice(id, patient)).toMatchObject({ state: 'live' });
    });
  });
}
