import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dnsSubdomain } from '../../api/patterns.ts';
import { deviceName, nameStem, ordinalOf } from './names.ts';

const dnsName = (longest: number): fc.Arbitrary<string> =>
  fc
    .stringMatching(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, { size: 'medium' })
    .filter((name) => name.length <= longest);
const long = (character: string, length: number): string => character.repeat(length);

describe('the name of a device of a set', () => {
  it('is the name of the set, of the node if there is one, and a number', () => {
    expect(deviceName(nameStem('vgpu', ''), 3)).toBe('vgpu-3');
    expect(deviceName(nameStem('vgpu', 'node-1.rack'), 0)).toBe('vgpu-node-1.rack-0');
  });

  it('is a valid name however long those are, and tells nodes apart whose names are cut', () => {
    const [a, b] = [`${long('n', 252)}a`, `${long('n', 252)}b`].map((node) => nameStem(long('s', 63), node));
    expect(a).not.toBe(b);
    for (const stem of [a, b]) expect(deviceName(stem ?? '', 10_000).length).toBeLessThanOrEqual(253);
    fc.assert(
      fc.property(dnsName(63), dnsName(253), fc.nat({ max: 10_000 }), (set, node, ordinal) => {
        const name = deviceName(nameStem(set, node), ordinal);
        expect(name.length).toBeLessThanOrEqual(253);
        expect(name).toMatch(dnsSubdomain);
      }),
    );
  });

  it('gives its number back, and no other name does', () => {
    expect(ordinalOf('x', 'x-12')).toBe(12);
    for (const name of ['x', 'x-', 'x-01', 'x-1-2', 'y-1', 'x-a', 'x--1', 'x-1234567']) expect(ordinalOf('x', name), name).toBeUndefined();
  });
});
