import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, make, on, parentsWith, patient, refusal } from '../support.ts';

const notAttributes = [
  '',
  '.',
  '..',
  '../remove',
  'remove',
  'uevent',
  'driver',
  'power/control',
  'a/b/c',
  '/etc/passwd',
  'a\nb',
  'a\0b',
  'vendor/../remove',
  'x'.repeat(9000),
];

export function attributesContract(subject: Subject): void {
  describe('attributes', () => {
    for (const known of parentsWith(subject, 'attributes are read', ({ attributes }) => attributes !== undefined)) {
      const { writable, readOnly = '' } = known.attributes ?? {};

      contractTest(subject, [], `those of a device of ${known.name} can be read, in the same order each time`, async ({ provider }) => {
        const id = await make(provider, known);
        const attributes = await provider.readAttributes(id, patient);
        expect(attributes.map(({ name }) => name)).toContain(readOnly);
        expect(await provider.readAttributes(id, patient)).toEqual(attributes);
      });

      contractTest(subject, [], `${readOnly} of ${known.name} cannot be written: EACCES`, async ({ provider }) => {
        const id = await make(provider, known);
        expect(await refusal(provider.setAttribute(id, readOnly, '1', patient))).toEqual({ code: 'EACCES', step: 'attribute' });
      });

      contractTest(
        subject,
        [],
        `a name that is no attribute of ${known.name} is ENOENT, one that cannot be EINVAL`,
        async ({ provider }) => {
          const id = await make(provider, known);
          const before = await provider.readAttributes(id, patient);
          expect(await refusal(provider.setAttribute(id, 'vendor/nothing', '1', patient))).toEqual({ code: 'ENOENT', step: 'attribute' });
          for (const name of notAttributes)
            expect({ name, ...(await refusal(provider.setAttribute(id, name, '1', patient))) }).toEqual({
              name,
              code: 'EINVAL',
              step: 'attribute',
            });
          expect(await provider.readAttributes(id, patient)).toEqual(before);
          expect(await provider.getDevice(id, patient)).toMatchObject({ state: 'live' });
        },
      );

      contractTest(subject, [], `a device that ${known.name} has not is ENODEV`, async ({ provider }) => {
        expect(await refusal(provider.setAttribute(randomUUID(), readOnly, '1', patient))).toEqual({ code: 'ENODEV', step: 'attribute' });
        expect(await refusal(provider.readAttributes(randomUUID(), patient))).toEqual({ code: 'ENODEV', step: 'attribute' });
      });

      if (writable === undefined) continue;
      const { name, value, refused } = writable;

      contractTest(subject, [], `${name} of ${known.name} is what was written last`, async ({ provider }) => {
        const id = await make(provider, known);
        await provider.setAttribute(id, name, value, patient);
        expect(await provider.readAttributes(id, patient)).toContainEqual({ name, value });
      });

      contractTest(
        subject,
        [],
        `a value that ${name} of ${known.name} does not take is EINVAL and changes nothing`,
        async ({ provider }) => {
          const id = await make(provider, known);
          await provider.setAttribute(id, name, value, patient);
          for (const bad of [refused, 'a\nb', `${value}\n`, 'a\0b', 'x'.repeat(4096), 'x'.repeat(100_000)])
            expect(await refusal(provider.setAttribute(id, name, bad, patient))).toEqual({ code: 'EINVAL', step: 'attribute' });
          expect(await provider.readAttributes(id, patient)).toContainEqual({ name, value });
        },
      );

      contractTest(on(subject, known), ['faults'], `the errno of the driver of ${known.name} is handed on`, async (fixture) => {
        const id = await make(fixture.provider, known);
        await fixture.strike(known.name, 'attribute', 'ERANGE');
        expect(await refusal(fixture.provider.setAttribute(id, name, value, patient))).toEqual({ code: 'ERANGE', step: 'attribute' });
      });
    }
  });
}
