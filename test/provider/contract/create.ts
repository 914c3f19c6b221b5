import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Subject } from '../fixture.ts';
import { contractTest, everything, make, on, parentsWith, patient, refusal } from '../support.ts';

const malformed: [string, (id: string) => string][] = [
  ['the empty text', () => ''],
  ['35 characters', (id) => id.slice(1)],
  ['a 37th character', (id) => `${id}a`],
  ['a newline after it', (id) => `${id}\n`],
  ['a blank before it', (id) => ` ${id}`],
  ['braces', (id) => `{${id}}`],
  ['a digit that is none', (id) => `g${id.slice(1)}`],
  [
    'dashes elsewhere',
    (id) =>
      id
        .replaceAll('-', '')
        .replace(/(.{9})(.{4})(.{4})(.{4})(.*)/, '$1-$2-$3-$4-$5')
        .slice(0, 36),
  ],
  ['a path', (id) => `../${id.slice(3)}`],
  ['a zero byte after it', (id) => `${id}\0`],
  ['the nil UUID', () => '00000000-0000-0000-0000-000000000000'],
  ['a very long text', (id) => id.repeat(1000)],
];

export function createContract(subject: Subject): void {
  describe('creating', () => {
    for (const known of subject.parents) {
      contractTest(subject, [], `a device of ${known.name} is answered as it then is, and counted`, async ({ provider }) => {
        const id = randomUUID();
        const device = await provider.create({ id, parent: known.name, typeID: known.typeID }, patient);
        expect(device).toMatchObject({ id, parent: known.name, typeID: known.typeID, state: 'live' });
        expect(device.online === undefined).toBe(!known.features.includes('Online'));
        expect(await provider.getDevice(id, patient)).toEqual(device);
        const { types } = await provider.getParent(known.name, patient);
        expect(types.find((type) => type.id === known.typeID)?.instances).toBe(1);
        for (const type of types) if (type.availableInstances === 0) expect(type.reason ?? '').not.toBe('');
      });

      contractTest(subject, [], `an unknown type of ${known.name} is ENOENT and changes nothing`, async ({ provider }) => {
        const before = await everything(provider);
        for (const typeID of ['nothing-1', '', '..', 'x'.repeat(10_000), `${known.typeID}/../${known.typeID}`])
          expect(await refusal(provider.create({ id: randomUUID(), parent: known.name, typeID }, patient))).toEqual({
            code: 'ENOENT',
            step: 'create',
          });
        expect(await everything(provider)).toEqual(before);
      });
    }

    const [first] = subject.parents;
    if (first === undefined) throw new Error('The contract needs a parent');
    const request = { parent: first.name, typeID: first.typeID };

    for (const [what, spoil] of malformed)
      contractTest(subject, [], `a UUID with ${what} is EINVAL and changes nothing`, async ({ provider }) => {
        const before = await everything(provider);
        expect(await refusal(provider.create({ ...request, id: spoil(randomUUID()) }, patient))).toEqual({
          code: 'EINVAL',
          step: 'create',
        });
        expect(await everything(provider)).toEqual(before);
      });

    contractTest(subject, [], 'upper case is taken, answered in lower case, and is the same device', async ({ provider }) => {
      const id = 'ABCDEF12-3456-4789-ABCD-EF1234567890';
      const device = await provider.create({ ...request, id }, patient);
      expect(device.id).toBe(id.toLowerCase());
      expect(await provider.getDevice(id, patient)).toEqual(device);
      expect(await refusal(provider.create({ ...request, id: id.toLowerCase() }, patient))).toEqual({ code: 'EEXIST', step: 'create' });
      await provider.remove(id, patient);
      expect(await provider.getDevice(id.toLowerCase(), patient)).toBeUndefined();
    });

    contractTest(subject, [], 'a UUID that exists under any parent is EEXIST and changes nothing', async (fixture) => {
      const { provider } = fixture;
      const id = randomUUID();
      await fixture.makeForeign(first.name, first.typeID, id);
      const before = await everything(provider);
      for (const known of subject.parents)
        for (const typeID of Object.keys(known.types))
          expect(await refusal(provider.create({ id, parent: known.name, typeID }, patient))).toEqual({ code: 'EEXIST', step: 'create' });
      expect(await everything(provider)).toEqual(before);
    });

    contractTest(subject, [], 'a parent that is not there is ENODEV', async ({ provider }) => {
      for (const parent of ['0000:ff:1f.7', '', '..', 'x'.repeat(10_000)])
        expect(await refusal(provider.create({ ...request, parent, id: randomUUID() }, patient))).toEqual({
          code: 'ENODEV',
          step: 'create',
        });
    });

    for (const known of subject.parents)
      contractTest(on(subject, known), ['faults'], `a driver of ${known.name} that fails leaves nothing behind`, async (fixture) => {
        const { provider } = fixture;
        const before = await everything(provider);
        const id = randomUUID();
        await fixture.strike(known.name, 'create', 'EIO');
        expect(await refusal(provider.create({ id, parent: known.name, typeID: known.typeID }, patient))).toEqual({
          code: 'EIO',
          step: 'create',
        });
        expect(await everything(provider)).toEqual(before);
        await fixture.heal();
        await provider.create({ id, parent: known.name, typeID: known.typeID }, patient);
      });

    for (const known of parentsWith(subject, 'params are handed on', ({ features }) => features.includes('Params'))) {
      contractTest(subject, [], `${known.name} takes params, but not what is no text of a page`, async ({ provider }) => {
        const base = { parent: known.name, typeID: known.typeID };
        for (const params of ['a\0b', 'x'.repeat(4096), 'x'.repeat(100_000)])
          expect(await refusal(provider.create({ ...base, id: randomUUID(), params }, patient))).toEqual({
            code: 'EINVAL',
            step: 'create',
          });
        expect(await provider.listDevices(patient)).toEqual([]);
        expect(await provider.create({ ...base, id: randomUUID(), params: 'disable_vnc=1' }, patient)).toMatchObject({ state: 'live' });
      });
    }

    for (const known of parentsWith(subject, 'params are refused', ({ features }) => !features.includes('Params')))
      contractTest(subject, [], `params for ${known.name}, which takes none, are EOPNOTSUPP`, async ({ provider }) => {
        const base = { parent: known.name, typeID: known.typeID, params: 'a=1' };
        expect(await refusal(provider.create({ ...base, id: randomUUID() }, patient))).toEqual({ code: 'EOPNOTSUPP', step: 'create' });
        expect(await provider.listDevices(patient)).toEqual([]);
      });

    contractTest(subject, [], 'an aborted signal creates nothing, and the reason is thrown as it is', async ({ provider }) => {
      const reason = new Error('not wanted any more');
      await expect(provider.create({ ...request, id: randomUUID() }, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await provider.listDevices(patient)).toEqual([]);
      await make(provider, first);
    });
  });
}
