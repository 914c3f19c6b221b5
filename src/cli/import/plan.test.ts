import { describe, expect, it } from 'vitest';
import type { Device } from '../../provider/contract.ts';
import { planImport, type Found, type ImportedDevice } from './plan.ts';
import type { Definition } from '../host-tools/mdevctl-definition.ts';

const one = '11111111-1111-4111-8111-111111111111';
const two = '22222222-2222-4222-8222-222222222222';

const live = (id: string, change: Partial<Device> = {}): Device => ({ id, parent: 'mtty', typeID: 'mtty-1', state: 'live', ...change });
const defined = (uuid: string, change: Partial<Definition> = {}): Definition => ({
  uuid,
  parent: 'mtty',
  typeID: 'mtty-1',
  attributes: [{ name: 'a', value: '1' }],
  start: 'auto',
  ...change,
});

function plan(found: Partial<Found>, includeManual = false): ReturnType<typeof planImport> {
  return planImport({ live: [], definitions: [], unusable: new Set(), owners: new Map(), ...found }, includeManual);
}

function only(found: Partial<Found>, includeManual = false): ImportedDevice | undefined {
  const { devices } = plan(found, includeManual);
  expect(devices).toHaveLength(1);
  return devices[0];
}

describe('what import prints', () => {
  it('takes over a live device as it is', () => {
    expect(only({ live: [live(one)] })).toMatchObject({
      uuid: one,
      adopt: true,
      withheld: false,
      attributes: [],
      comment: 'Live, not defined.',
    });
  });

  it('is one document for a device that is live and defined, with the attributes of the definition, manual or not', () => {
    for (const start of ['auto', 'manual'] as const)
      expect(only({ live: [live(one)], definitions: [defined(one, { start })] })).toMatchObject({
        adopt: true,
        withheld: false,
        attributes: [{ name: 'a', value: '1' }],
        comment: `Live, and defined in mtty/${one} (start: ${start}).`,
      });
  });

  it.each([{ parent: 'other' }, { typeID: 'mtty-2' }])('believes the kernel where the definition says another thing: %j', (change) => {
    const device = only({ live: [live(one)], definitions: [defined(one, change)] });
    expect(device).toMatchObject({ parent: 'mtty', typeID: 'mtty-1', attributes: [] });
    expect(device?.comment).toMatch(/^Live; the definition .* says .* and is not used\.$/);
  });

  it('withholds a live device whose definition cannot be used', () => {
    expect(only({ live: [live(one)], unusable: new Set([one]) })).toMatchObject({ adopt: true, withheld: true });
  });

  it('has a device made that is defined with start: auto and not live', () => {
    expect(only({ definitions: [defined(one)] })).toMatchObject({ adopt: false, withheld: false, attributes: [{ name: 'a', value: '1' }] });
  });

  it('withholds a device that is defined with start: manual and not live, unless it is asked for', () => {
    const found = { definitions: [defined(one, { start: 'manual' })] };
    expect(only(found)).toMatchObject({ adopt: false, withheld: true });
    expect(only(found, true)).toMatchObject({ adopt: false, withheld: false });
  });

  it('makes one device of two definitions of one UUID, rather the one that starts by itself', () => {
    const definitions = [defined(one, { parent: 'a', start: 'manual' }), defined(one, { parent: 'b' }), defined(one, { parent: 'c' })];
    for (const includeManual of [true, false])
      expect(plan({ definitions }, includeManual).devices.map(({ parent, withheld }) => [parent, withheld])).toEqual([
        ['a', true],
        ['b', false],
        ['c', true],
      ]);
  });

  it('leaves out what is ours, live or defined, and says whose', () => {
    const owners = new Map([
      [one, 'MdevDevice default/x'],
      [two, 'MdevDevice default/y'],
    ]);
    expect(plan({ live: [live(one)], definitions: [defined(one), defined(two)], owners })).toEqual({
      devices: [],
      notes: [
        `${one} is left out: it is ours already (MdevDevice default/x)`,
        `${two} is left out: it is ours already (MdevDevice default/y)`,
      ],
    });
  });

  it.each(['creating', 'removing'] as const)('leaves out a device in state %s', (state) => {
    const { devices, notes } = plan({ live: [live(one, { state })], definitions: [defined(one)] });
    expect(devices).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^1{8}-.* is left out: it is being .*; import again when that is done$/)]);
  });

  it('is ordered by parent and UUID, however it was found', () => {
    const { devices } = plan({
      live: [live(two), live(one, { parent: 'z' })],
      definitions: [defined('aaaaaaaa-1111-4111-8111-111111111111')],
    });
    expect(devices.map(({ parent, uuid }) => `${parent} ${uuid.slice(0, 8)}`)).toEqual(['mtty 22222222', 'mtty aaaaaaaa', 'z 11111111']);
  });
});
