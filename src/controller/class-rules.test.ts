import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceSpecSchema } from '../api/mdev-device.ts';
import { refuseByClass } from './class-rules.ts';
import { classNamed } from './testing/objects.ts';

const uuid = '12345678-1234-1234-1234-123456789abc';
const named = { className: 'gold' };

function why(classSpec: object, spec: object, namespace = { name: 'team-a', labels: { tier: 'one' } }): string | undefined {
  const device = deviceSpecSchema.parse({ type: { id: 'nvidia-11' }, ...named, ...spec });
  const refused = refuseByClass(device, namespace, classNamed('gold', classSpec));
  expect(refused?.reason ?? 'NotAllowedByClass').toBe('NotAllowedByClass');
  return refused?.message;
}

describe('refuseByClass', () => {
  it.each([
    ['says nothing', {}, { uuid, params: 'x', attributes: [{ name: 'a', value: 'b' }], nodeName: 'n' }],
    ['names the namespace', { namespaces: { names: ['x', 'team-*'] } }, {}],
    ['selects the namespace', { namespaces: { selector: { matchLabels: { tier: 'one' } } } }, {}],
    ['names the type by id', { types: [{ id: 'nvidia-1*' }] }, {}],
    ['names the type by name', { types: [{ name: 'GRID *Q' }] }, { type: { name: 'GRID M60-2Q' } }],
    ['names types in the other way, which only parents can compare', { types: [{ name: 'GRID *Q' }] }, {}],
    ['names the attribute', { attributes: [{ name: 'vendor/*' }] }, { attributes: [{ name: 'vendor/x', value: '1' }] }],
    [
      'names the attribute twice, once with the value',
      {
        attributes: [
          { name: 'a', values: ['1'] },
          { name: 'a', values: ['2'] },
        ],
      },
      { attributes: [{ name: 'a', value: '2' }] },
    ],
    ['names the params', { params: ['frl=*'] }, { params: 'frl=60' }],
    ['allows no params and there are none', { params: [], attributes: [] }, {}],
    ['allows to adopt, with the UUID that this needs', { allowAdopt: true, allowPinnedUUID: false }, { adopt: true, uuid }],
  ])('allows a device when the class %s', (_, classSpec, spec) => {
    expect(why(classSpec, spec)).toBeUndefined();
  });

  it.each([
    [{ namespaces: { names: ['x', 'team-b*'] } }, {}, 'Class gold does not allow namespace team-a. It allows: x, team-b*.'],
    [{ namespaces: { names: [] } }, {}, 'Class gold does not allow namespace team-a. It allows none.'],
    [
      { namespaces: { selector: { matchLabels: { tier: 'two' } } } },
      {},
      'Class gold does not allow namespace team-a. It allows those whose labels spec.namespaces.selector of the class selects.',
    ],
    [
      { types: [{ id: 'nvidia-12' }, { id: 'nvidia-2*' }] },
      {},
      'Class gold does not allow type nvidia-11 (spec.type). It allows: nvidia-12, nvidia-2*.',
    ],
    [{ types: [] }, {}, 'Class gold does not allow type nvidia-11 (spec.type). It allows none.'],
    [
      { attributes: [{ name: 'a' }, { name: 'b' }] },
      { attributes: [{ name: 'c', value: '1' }] },
      'Class gold does not allow attribute c (spec.attributes). It allows: a, b.',
    ],
    [
      { attributes: [{ name: 'a', values: ['1', '2'] }] },
      {
        attributes: [
          { name: 'a', value: '1' },
          { name: 'a', value: '3' },
        ],
      },
      'Class gold does not allow value 3 of attribute a (spec.attributes). It allows: 1, 2.',
    ],
    [{ params: ['frl=*'] }, { params: 'vnc=1' }, 'Class gold does not allow params vnc=1 (spec.params). It allows: frl=*.'],
    [{ allowPinnedUUID: false }, { uuid }, 'Class gold does not allow choosing the UUID (spec.uuid). Leave it out.'],
    [
      {},
      { adopt: true, uuid },
      'Class gold does not allow taking over a device (spec.adopt). Leave the device to whoever made it, or have the class changed.',
    ],
  ])('of class %j refuses %j', (classSpec, spec, message) => {
    expect(why(classSpec, spec)).toBe(message);
  });

  it('says that it is the default class that refuses a device which names none', () => {
    expect(why({ params: [] }, { params: 'x', className: undefined })).toBe(
      'The default class gold does not allow params x (spec.params). It allows none.',
    );
  });

  it('keeps the message short enough for a condition, whatever is in the class and in the device', () => {
    const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom('a', ' ', '*'), minLength: 1, maxLength });
    const many = fc.uniqueArray(text(1024), { maxLength: 64, size: 'max' });
    fc.assert(
      fc.property(many, text(1024), (params, wanted) => {
        expect((why({ params }, { params: wanted }) ?? '').length).toBeLessThan(4096);
      }),
      { numRuns: 30 },
    );
  });
});
