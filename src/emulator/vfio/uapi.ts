/**
 * The structs and flags of include/uapi/linux/vfio.h that containers, groups and device files speak. Little endian, as on every host that
 * has mdevs but s390.
 */

export const apiVersion = 0;

/** What VFIO_CHECK_EXTENSION asks for and VFIO_SET_IOMMU sets. */
export const extensions = { type1: 1, type1v2: 3, dmaCoherent: 4, unmapAll: 9 } as const;

export const deviceFlags = { reset: 1 << 0, pci: 1 << 1, ccw: 1 << 4, ap: 1 << 5 } as const;
export const regionFlags = { read: 1 << 0, write: 1 << 1, mmap: 1 << 2, caps: 1 << 3 } as const;
export const irqFlags = { eventfd: 1 << 0, maskable: 1 << 1, automasked: 1 << 2, noResize: 1 << 3 } as const;
export const irqSetFlags = {
  dataNone: 1 << 0,
  dataBool: 1 << 1,
  dataEventfd: 1 << 2,
  mask: 1 << 3,
  unmask: 1 << 4,
  trigger: 1 << 5,
} as const;
export const groupFlags = { viable: 1 << 0, containerSet: 1 << 1 } as const;
export const iommuFlags = { pageSizes: 1 << 0, caps: 1 << 1 } as const;
export const mapFlags = { read: 1 << 0, write: 1 << 1 } as const;
export const unmapFlags = { all: 1 << 1 } as const;

/** Ids of region capabilities. */
export const regionCaps = { sparseMmap: 1, type: 2 } as const;
/** Ids of capabilities of a type1 IOMMU. */
export const iommuCaps = { dmaAvailable: 3 } as const;

/** Bytes of each struct without what may follow it; of `iommuInfo` up to cap_offset, which older users leave out. */
export const sizes = {
  deviceInfo: 16,
  regionInfo: 32,
  irqInfo: 16,
  irqSet: 20,
  groupStatus: 8,
  iommuInfo: 16,
  dmaMap: 32,
  dmaUnmap: 24,
  capHeader: 8,
} as const;

/** The region's place in the file of the device, as vfio-pci lays regions out: index << 40. */
export const regionShift = 40n;

/** A view of a struct in `bytes`. */
export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
