import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProfile, ProfileError } from './profile.ts';

const profiles = new URL('../../profiles/', import.meta.url);
const mtty = { name: 'mtty', model: 'mtty' };
const gvtType = { id: 'a', name: 'A', memoryMiB: 128, resolution: '1x1' };
const uuid = '12345678-1234-1234-1234-123456789abc';

function faultsOf(profile: unknown): string {
  try {
    parseProfile(typeof profile === 'string' ? profile : JSON.stringify(profile));
    return 'accepted';
  } catch (error) {
    if (error instanceof ProfileError) return error.message;
    throw error;
  }
}

describe('a host profile', () => {
  it.each(readdirSync(profiles))('%s, which is shipped, is a good one', (file) => {
    expect(parseProfile(readFileSync(new URL(file, profiles), 'utf8')).parents.length).toBeGreaterThan(0);
  });

  it('that is the default has one parent of each model', () => {
    const { parents } = parseProfile(readFileSync(new URL('default.yaml', profiles), 'utf8'));
    expect(parents.map(({ model }) => model).sort()).toEqual(['ccw', 'grid', 'gvt', 'matrix', 'mtty']);
  });

  it('fills in what is left out', () => {
    expect(parseProfile('parents: [{name: mtty, model: mtty}]')).toEqual({
      parents: [{ name: 'mtty', model: 'mtty', ports: 24, removeWhileOpen: 'block' }],
      devices: [],
    });
  });

  it.each([
    ['what is no YAML', 'parents: [', /^line 1: /],
    ['nothing', '', /^profile: /],
    ['a list', '[]', /^profile: /],
    ['an unknown field', { parents: [], parent: [] }, /^profile: .*"parent"/],
    ['an unknown field of a parent', { parents: [{ ...mtty, port: 3 }] }, /^parents\[0\]: .*"port"/],
    ['an unknown model', { parents: [{ name: 'x', model: 'ttym' }] }, /^parents\[0\]\.model: /],
    ['a parent without name', { parents: [{ model: 'mtty' }] }, /^parents\[0\]\.name: /],
    ['a name with a slash', { parents: [{ ...mtty, name: '../x' }] }, /^parents\[0\]\.name: must be the name of a sysfs directory/],
    ['a dot as name', { parents: [{ ...mtty, name: '..' }] }, /^parents\[0\]\.name: /],
    ['a name twice', { parents: [mtty, mtty] }, /^parents\[1\]\.name: mtty is the name of two parents/],
    ['no ports', { parents: [{ ...mtty, ports: 0 }] }, /^parents\[0\]\.ports: /],
    ['half a port', { parents: [{ ...mtty, ports: 1.5 }] }, /^parents\[0\]\.ports: /],
    ['a vendor as a number', 'parents: [{name: x, model: mtty, vendorID: 0x10de}]', /^parents\[0\]\.vendorID: must be text in quotes/],
    ['a policy it has not', { parents: [{ ...mtty, removeWhileOpen: 'yes' }] }, /^parents\[0\]\.removeWhileOpen: /],
    ['a pool without types', { parents: [{ name: 'x', model: 'gvt', memoryMiB: 1, types: [] }] }, /^parents\[0\]\.types: /],
    [
      'a type twice',
      { parents: [{ name: 'x', model: 'gvt', memoryMiB: 1, types: [gvtType, gvtType] }] },
      /^parents\[0\]\.types\[1\]\.id: a is the id of two types/,
    ],
    [
      'a resolution in words',
      { parents: [{ name: 'x', model: 'gvt', memoryMiB: 1, types: [{ ...gvtType, resolution: 'big' }] }] },
      /^parents\[0\]\.types\[0\]\.resolution: must be WIDTHxHEIGHT/,
    ],
    [
      'a device of no parent',
      { parents: [mtty], devices: [{ uuid, parent: 'x', type: 'y' }] },
      /^devices\[0\]\.parent: there is no parent x/,
    ],
    [
      'a UUID with a 37th character',
      { parents: [mtty], devices: [{ uuid: `${uuid}x`, parent: 'mtty', type: 'y' }] },
      /^devices\[0\]\.uuid: /,
    ],
    [
      'the nil UUID',
      { parents: [mtty], devices: [{ uuid: '00000000-0000-0000-0000-000000000000', parent: 'mtty', type: 'y' }] },
      /^devices\[0\]\.uuid: must not be the nil UUID/,
    ],
    [
      'a UUID twice, in two cases',
      { parents: [mtty], devices: [uuid, uuid.toUpperCase()].map((one) => ({ uuid: one, parent: 'mtty', type: 'y' })) },
      /^devices\[1\]\.uuid: .* two devices/,
    ],
    ['two faults, both of them', { parents: [{ ...mtty, ports: 0, name: '' }] }, /name: [^]*\n.*ports: /],
    ['an alias to nothing', 'parents: *x', /./],
    ['too much', `# ${'x'.repeat(1 << 20)}`, /longer than 1048576 bytes/],
  ])('with %s is refused, and the field is named', (_, profile, message) => {
    expect(faultsOf(profile)).toMatch(message);
  });

  it('of any text is read or refused with a ProfileError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `parents: ${json}`),
        ),
        (text) => {
          expect(typeof faultsOf(text)).toBe('string');
        },
      ),
      { numRuns: 500 },
    );
  });
});
