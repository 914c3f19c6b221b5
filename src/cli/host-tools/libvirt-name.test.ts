import { expect, it } from 'vitest';
import { libvirtDeviceName, libvirtName } from './libvirt-name.ts';

it.each([
  ['0000:86:00.0', 'pci_0000_86_00_0'],
  ['10000:e1:00.7', 'pci_10000_e1_00_7'],
  ['0.0.0313', 'css_0_0_0313'],
  ['matrix', 'ap_matrix'],
  ['mtty', undefined],
  ['0000:86:00.8', undefined],
])('the parent %s is %s to libvirt', (parent, name) => {
  expect(libvirtName(parent)).toBe(name);
});

it('a device is named by UUID and parent', () => {
  expect(libvirtDeviceName('11111111-1111-4111-8111-111111111111', '0000:86:00.0')).toBe(
    'mdev_11111111_1111_4111_8111_111111111111_0000_86_00_0',
  );
});
