import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { MdevProvider } from '../../../src/provider/contract.ts';
import type { Subject } from '../fixture.ts';
import { contractTest, everything, make, parentsWith, patient, refusal } from '../support.ts';

export function groupContract(subject: Subject): void {
  const groupOf = async (provider: MdevProvider, id: string): Promise<number | undefined> => (await provider.getDevice(id, patient))?.group;

  describe('IOMMU groups', () => {
    for (const known of subject.parents)
      contractTest(subject, [], `each device of ${known.name} has a group of its own`, async ({ provider }) => {
        const groups = [await make(provider, known), await make(provider, known)].map((id) => groupOf(provider, id));
        const [one, other] = await Promise.all(groups);
        expect(one).toEqual(expect.any(Number));
        expect(other).toEqual(expect.any(Number));
        expect(one).not.toBe(other);
      });

    for (const known of parentsWith(subject, 'devices share a group', ({ features }) => features.includes('Groups'))) {
      contractTest(subject, [], `devices of ${known.name} put together share one, and others do not`, async ({ provider }) => {
        const [a, b, c] = [await make(provider, known), await make(provider, known), await make(provider, known)];
        await provider.setGroup([a, b], patient);
        const group = await groupOf(provider, a);
        expect(await groupOf(provider, b)).toBe(group);
        expect(await groupOf(provider, c)).not.toBe(group);
        await provider.setGroup([b, c], patient);
        expect(await groupOf(provider, b)).toBe(await groupOf(provider, c));
        expect(await groupOf(provider, a)).not.toBe(await groupOf(provider, b));
      });

      contractTest(
        subject,
        [],
        `a group of ${known.name} stays as it is while one is open: EBUSY, unless nothing is to change`,
        async (fixture) => {
          const { provider } = fixture;
          const [a, b, c] = [await make(provider, known), await make(provider, known), await make(provider, known)];
          await provider.setGroup([a, b], patient);
          const held = await fixture.holdOpen(a);
          const before = await everything(provider);
          for (const ids of [[a, c], [c, b], [a, b, c], [b]])
            expect(await refusal(provider.setGroup(ids, patient))).toEqual({ code: 'EBUSY', step: 'group' });
          await provider.setGroup([b, a], patient);
          expect(await everything(provider)).toEqual(before);
          await held.release();
          await provider.setGroup([a, b, c], patient);
        },
      );

      contractTest(subject, [], `whoever has one device of a group of ${known.name} has them all`, async (fixture) => {
        const { provider } = fixture;
        const [a, b] = [await make(provider, known), await make(provider, known)];
        await provider.setGroup([a, b], patient);
        const held = await fixture.holdOpen(a);
        expect((await provider.users(b, patient)).inUse).toBe(true);
        expect(await refusal(provider.remove(b, patient))).toEqual({ code: 'EBUSY', step: 'claim' });
        await held.release();
        await provider.remove(b, patient);
        await provider.remove(a, patient);
      });

      contractTest(subject, [], `a device that ${known.name} has not is ENODEV, and the others stay as they are`, async ({ provider }) => {
        const id = await make(provider, known);
        const before = await everything(provider);
        expect(await refusal(provider.setGroup([id, randomUUID()], patient))).toEqual({ code: 'ENODEV', step: 'group' });
        expect(await everything(provider)).toEqual(before);
      });
    }

    for (const known of parentsWith(subject, 'grouping is refused', ({ features }) => !features.includes('Groups')))
      contractTest(subject, [], `${known.name} cannot put devices together: EOPNOTSUPP`, async ({ provider }) => {
        const ids = [await make(provider, known), await make(provider, known)];
        expect(await refusal(provider.setGroup(ids, patient))).toEqual({ code: 'EOPNOTSUPP', step: 'group' });
      });
  });
}
