import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExportedDevice } from './device.ts';
import { exportFormats } from './format.ts';
import { anyDefinedDevice } from '../testing/defined-device.ts';

const device: ExportedDevice = {
  object: 'default/x',
  uuid: '11111111-1111-4111-8111-111111111111',
  parent: 'matrix',
  typeID: 'vfio_ap-passthrough',
  attributes: [
    { name: 'assign_adapter', value: '5' },
    { name: 'assign_domain', value: `<&>'"\t` },
  ],
  unsaid: [],
};

/** What a reader of XML takes for the value of an attribute: references are resolved, other white space becomes a space. */
function attributeValue(source: string): string {
  expect(source).not.toMatch(/[<']|&(?!#\d+;)/);
  return source.replace(/[\t\n\r]/g, ' ').replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

describe('the format mdevctl', () => {
  it('is a file that mdevctl could have written itself', () => {
    expect(exportFormats.mdevctl.path(device)).toBe('matrix/11111111-1111-4111-8111-111111111111');
    expect(exportFormats.mdevctl.text({ ...device, attributes: device.attributes.slice(0, 1) })).toBe(`{
  "mdev_type": "vfio_ap-passthrough",
  "start": "auto",
  "attrs": [
    {
      "assign_adapter": "5"
    }
  ]
}`);
  });
});

describe('the format libvirt', () => {
  it('is a node device, escaped', () => {
    expect(exportFormats.libvirt.path(device)).toBe('mdev_11111111_1111_4111_8111_111111111111_matrix.xml');
    expect(exportFormats.libvirt.text(device)).toBe(`<device>
  <name>mdev_11111111_1111_4111_8111_111111111111_matrix</name>
  <parent>ap_matrix</parent>
  <capability type='mdev'>
    <type id='vfio_ap-passthrough'/>
    <uuid>11111111-1111-4111-8111-111111111111</uuid>
    <attr name='assign_adapter' value='5'/>
    <attr name='assign_domain' value='&#60;&#38;&#62;&#39;&#34;&#9;'/>
  </capability>
</device>`);
  });

  it('gives every value back to a reader of XML, or refuses it', () => {
    fc.assert(
      fc.property(anyDefinedDevice, (defined) => {
        const text = exportFormats.libvirt.text({ ...defined, object: 'default/x', unsaid: [] });
        // XML 1.0, production 2.
        const sayable = defined.attributes.every(({ value }) => /^[\t\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(value));
        expect(typeof text).toBe(sayable ? 'string' : 'object');
        if (typeof text !== 'string') return;
        const read = [...text.matchAll(/<attr name='([^']*)' value='([^']*)'\/>/g)];
        expect(read.map(([, name = '', value = '']) => ({ name, value: attributeValue(value) }))).toEqual(defined.attributes);
      }),
    );
  });

  it('says so where libvirt knows no such parent', () => {
    expect(exportFormats.libvirt.note(device)).toBeUndefined();
    expect(exportFormats.libvirt.note({ ...device, parent: 'mtty' })).toMatch(/^mdevdevice default\/x: libvirt knows mdevs of .* mtty$/);
  });
});
