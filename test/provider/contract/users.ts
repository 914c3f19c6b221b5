import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, make, patient, refusal } from '../support.ts';

export function usersContract(subject: Subject): void {
  describe('users', () => {
    for (const known of subject.parents) {
      contractTest(subject, [], `a device of ${known.name} is in use from open to close`, async (fixture) => {
        const { provider } = fixture;
        const id = await make(provider, known);
        const other = await make(provider, known);
        expect(await provider.users(id, patient)).toEqual({ inUse: false, known: [] });
        const held = await fixture.holdOpen(id);
        expect((await provider.users(id, patient)).inUse).toBe(true);
        expect((await provider.users(other, patient)).inUse).toBe(false);
        expect((await provider.listUses(patient)).map((use) => use.id)).toEqual([id]);
        await held.release();
        expect(await provider.users(id, patient)).toEqual({ inUse: false, known: [] });
        expect(await provider.listUses(patient)).toEqual([]);
      });

      contractTest(subject, ['users'], `the process that has a device of ${known.name} open is named`, async (fixture) => {
        const id = await make(fixture.provider, known);
        const held = await fixture.holdOpen(id);
        const { known: users } = await fixture.provider.users(id, patient);
        expect(users.map(({ pid }) => pid)).toEqual([held.pid]);
        expect(users[0]?.comm).toMatch(/\w/);
      });
    }

    contractTest(
      subject,
      [],
      'all devices in use are told of in one answer, ordered by id, each as it is told of alone',
      async (fixture) => {
        const { provider } = fixture;
        const ids: string[] = [];
        for (const known of subject.parents) ids.push(await make(provider, known), await make(provider, known));
        const held = await Promise.all(ids.map((id) => fixture.holdOpen(id)));
        await held.shift()?.release();
        const inUse = ids.slice(1).sort();
        const alone = await Promise.all(inUse.map(async (id) => ({ id, ...(await provider.users(id, patient)) })));
        expect(await provider.listUses(patient)).toEqual(alone);
        for (const each of held) await each.release();
      },
    );

    contractTest(subject, [], 'a device that is not there is ENODEV', async ({ provider }) => {
      expect(await refusal(provider.users(randomUUID(), patient))).toEqual({ code: 'ENODEV', step: 'users' });
    });
  });
}
