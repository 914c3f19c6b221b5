const pci = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;
const subchannel = /^[0-9a-f]{1,2}\.[0-3]\.[0-9a-f]{4}$/;

/**
 * The name by which libvirt knows a parent, from the kernel's: `pci_0000_86_00_0` for 0000:86:00.0, `css_0_0_0313` for the s390
 * subchannel 0.0.0313, `ap_matrix` for the s390 crypto matrix; undefined for others, of which libvirt knows no mdevs.
 * Source: libvirt's node_device_udev.c, and its documentation of node devices.
 */
export function libvirtName(parent: string): string | undefined {
  if (pci.test(parent)) return `pci_${plain(parent)}`;
  if (subchannel.test(parent)) return `css_${plain(parent)}`;
  return parent === 'matrix' ? 'ap_matrix' : undefined;
}

/** The name of the mdev in libvirt, which is unique on a node: with UUID and the kernel's name of the parent. */
export function libvirtDeviceName(uuid: string, parent: string): string {
  return `mdev_${plain(uuid)}_${plain(parent)}`;
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, '_');
}
