/** The OpRegion of Intel graphics: what firmware tells a driver. Source: drivers/gpu/drm/i915 (struct opregion_header), IGD OpRegion specification. */

/** Bytes: 8 KiB. */
export const opregionSize = 0x2000;
/** VFIO_REGION_TYPE_PCI_VENDOR_TYPE with Intel's vendor id, and VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION of linux/vfio.h. */
export const opregionType = { type: 0x8000_8086, subtype: 1 } as const;

/** Version 2.0, with no mailbox: no firmware is behind it that would answer. */
export function opregionContent(): Uint8Array {
  const content = new Uint8Array(opregionSize);
  const view = new DataView(content.buffer);
  content.set(new TextEncoder().encode('IntelGraphicsMem'));
  view.setUint32(0x10, opregionSize / 1024, true);
  view.setUint32(0x14, 0x0200_0000, true);
  content.set(new TextEncoder().encode('mdev-operator gvt'), 0x18);
  return content;
}
