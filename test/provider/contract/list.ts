import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, counts, make, patient, refusal } from '../support.ts';

export function listContract(subject: Subject): void {
  describe('looking', () => {
    contractTest(subject, [], 'the kernel says its kind and keeps its boot ID', async ({ provider }) => {
      const info = await provider.info(patient);
      expect(['emulated', 'sysfs']).toContain(info.kind);
      expect(info.bootID).not.toBe('');
      expect(await provider.info(patient)).toEqual(info);
    });

    contractTest(subject, [], 'parents are listed by name, with their types as they are when empty', async ({ provider }) => {
      const parents = await provider.listParents(patient);
      const names = parents.map(({ name }) => name);
      expect(names).toEqual([...names].sort());
      for (const known of subject.parents) {
        const parent = parents.find(({ name }) => name === known.name);
        expect(parent).toMatchObject({ sharing: known.sharing, leaving: false });
        expect(new Set(parent?.features)).toEqual(new Set(known.features));
        expect(await counts(provider, known.name)).toEqual(known.types);
        expect(await provider.getParent(known.name, patient)).toEqual(parent);
        for (const type of parent?.types ?? []) {
          expect(type.name).not.toBe('');
          expect(type.instances).toBe(0);
          expect(type.reason).toBeUndefined();
        }
      }
    });

    contractTest(subject, [], 'a parent that is not there is ENODEV', async ({ provider }) => {
      expect(await refusal(provider.getParent('0000:ff:1f.7', patient))).toEqual({ code: 'ENODEV', step: 'list' });
    });

    contractTest(subject, [], 'devices are listed by id whoever made them', async (fixture) => {
      const { provider } = fixture;
      const ids: string[] = [];
      for (const known of subject.parents) {
        const foreign = randomUUID();
        await fixture.makeForeign(known.name, known.typeID, foreign);
        ids.push(foreign, await make(provider, known));
      }
      const listed = await provider.listDevices(patient);
      expect(listed.map(({ id }) => id)).toEqual(ids.sort());
      for (const device of listed) expect(await provider.getDevice(device.id, patient)).toEqual(device);
    });

    contractTest(subject, [], 'an id that no device has, or may have, finds nothing', async ({ provider }) => {
      for (const id of [randomUUID(), '', 'nonsense', '00000000-0000-0000-0000-000000000000'])
        expect(await provider.getDevice(id, patient)).toBeUndefined();
    });
  });
}
