import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyDefinedDevice } from '../testing/defined-device.ts';
import { definitionText, parseDefinition } from './mdevctl-definition.ts';

const uuid = '3eb7a22e-b8a8-4a3c-9e0d-0b7f0b9a4f11';

describe("mdevctl's definition of a device", () => {
  it('is read with its attributes in their order, one as often as it is there', () => {
    const text =
      '{"mdev_type":"vfio_ap-passthrough","start":"auto","attrs":[{"assign_domain":"4"},{"assign_adapter":"5"},{"assign_domain":"4"}]}';
    expect(parseDefinition('matrix', uuid.toUpperCase(), text)).toEqual({
      uuid,
      parent: 'matrix',
      typeID: 'vfio_ap-passthrough',
      start: 'auto',
      attributes: [
        { name: 'assign_domain', value: '4' },
        { name: 'assign_adapter', value: '5' },
        { name: 'assign_domain', value: '4' },
      ],
    });
  });

  it('needs no attrs, and may have fields that are unknown', () => {
    expect(parseDefinition('mtty', uuid, '{"mdev_type":"mtty-1","start":"manual","later":1}')).toMatchObject({
      start: 'manual',
      attributes: [],
    });
  });

  it('is read as it was written, whatever it says', () => {
    fc.assert(
      fc.property(anyDefinedDevice, fc.constantFrom('auto', 'manual'), (device, start) => {
        expect(parseDefinition(device.parent, device.uuid, definitionText(device, start))).toEqual({ ...device, start });
      }),
    );
  });

  it.each([
    ['', 'is not JSON'],
    ['{', 'is not JSON'],
    ['[]', 'must be an object with mdev_type, start and attrs'],
    ['null', 'must be an object with mdev_type, start and attrs'],
    ['{"start":"auto"}', 'mdev_type: must be the id of a type'],
    ['{"mdev_type":"../x","start":"auto"}', 'mdev_type: must be the id of a type'],
    ['{"mdev_type":"a"}', 'start: must be "auto" or "manual"'],
    ['{"mdev_type":"a","start":"sometimes"}', 'start: must be "auto" or "manual"'],
    ['{"mdev_type":7,"start":true}', 'mdev_type: must be the id of a type, such as nvidia-11; start: must be'],
    ['{"mdev_type":"a","start":"auto","attrs":{"a":"5"}}', 'attrs: must be a list of'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"a":"1"},"b"]}', 'attrs[1]: must be an object'],
    ['{"mdev_type":"a","start":"auto","attrs":[{}]}', 'attrs[0]: must have one name and value (it has 0)'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"a":"1","b":"2"}]}', 'attrs[0]: must have one name and value (it has 2)'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"a":5}]}', 'attrs[0]: the value of "a" must be text'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"a":""}]}', 'attrs[0]: the value of "a" must be one line'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"a":"1\\n2"}]}', 'attrs[0]: the value of "a" must be one line'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"a":"\\ud800"}]}', 'attrs[0]: the value of "a" must be one line'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"../a":"1"}]}', 'attrs[0]: "../a" is not the name of an attribute'],
    ['{"mdev_type":"a","start":"auto","attrs":[{"power/control":"on"}]}', 'attrs[0]: "power/control" belongs to the kernel'],
    [JSON.stringify({ mdev_type: 'a', start: 'auto', attrs: Array(65).fill({ a: '1' }) }), 'attrs: must have at most 64 entries'],
  ])('is refused, naming the field: %s', (text, why) => {
    expect(parseDefinition('mtty', uuid, text)).toEqual({ refusal: expect.stringContaining(why) as string });
  });

  it('is refused for a device that cannot be', () => {
    const refusal = { refusal: 'the name of the file is not the UUID of a device' };
    expect(parseDefinition('mtty', '00000000-0000-0000-0000-000000000000', '{"mdev_type":"a","start":"auto"}')).toEqual(refusal);
  });
});
