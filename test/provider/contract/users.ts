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
        await held.release();
        expect(await provider.users(id, patient)).toEqual({ inUse: false, known: [] });
      });

      contractTest(subject, ['users'], `the process that has a device of ${known.name} open is named`, async (fixture) => {
        const id = await make(fixture.provider, known);
        const held = await fixture.holdOpen(id);
        const { known: users } = await fixture.provider.users(id, patient);
        expect(users.map(({ pid }) => pid)).toEqual([held.pid]);
        expect(users[0]?.comm).toMatch(/\w/);
      });
    }

    contractTest(subject, [], 'a device that is not there is ENODEV', async ({ provider }) => {
      expect(await refusal(provider.users(randomUUID(), patient))).toEqual({ code: 'ENODEV', step: 'users' });
    });
  });
}
