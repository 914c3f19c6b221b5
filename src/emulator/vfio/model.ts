/** What the VFIO layer and a driver's device promise each other: the kernel's vfio_device_ops, for one mdev. */

/** Memory of the device that a user can map into its own address space. */
export interface SharedMemory {
  /** Bytes, a multiple of the page size. */
  readonly size: number;
  /** The file to map, where there is one. */
  readonly fd: number | undefined;
  /** `offset` and length lie within. */
  read(offset: number, into: Uint8Array): void;
  write(offset: number, from: Uint8Array): void;
  close(): void;
}

/** A byte stream to somebody outside, such as the other end of a serial cable. At most one peer at a time. */
export interface PortStream {
  /** Takes what has arrived; 0 when there is nothing. More may wait at the sender until this is called. */
  read(into: Uint8Array): number;
  /** Sends; returns how many bytes were taken. With no peer all are taken, and lost as on an open cable. */
  write(from: Uint8Array): number;
  close(): void;
}

/** What a device model is made with. */
export interface ModelServices {
  /** Zeroed memory of `size` bytes, a multiple of the page size. @throws ErrnoError ENOMEM */
  sharedMemory(size: number): SharedMemory;
  /**
   * Serves a byte stream on the UNIX socket `<run-dir>/<uuid>.<name>`, mode 0600. `onReadable` and `onWritable` are called when
   * `read` or `write` may do more than before.
   * @throws ErrnoError when the socket cannot be made
   */
  listen(name: string, handlers: { readonly onReadable: () => void; readonly onWritable: () => void }): PortStream;
}

/** An area of a region, in bytes. */
export interface RegionArea {
  readonly offset: number;
  readonly size: number;
}

/** One entry of the fixed region table. Size 0: the index exists and has no region. */
export interface RegionInit {
  readonly size: number;
  readonly readable: boolean;
  readonly writable: boolean;
  /** The region can be mapped: all of it, or the `areas` if there are any (sparse mmap). The memory is asked for when somebody maps. */
  readonly mmap?: { readonly memory: () => SharedMemory; readonly areas?: readonly RegionArea[] };
  /** Of a device-specific region: VFIO_REGION_INFO_CAP_TYPE. */
  readonly type?: { readonly type: number; readonly subtype: number };
}

/** One entry of the IRQ table. Count 0: the index exists and has no interrupt. */
export interface IRQInit {
  readonly count: number;
  readonly eventfd: boolean;
  readonly maskable: boolean;
  readonly automasked: boolean;
  readonly noResize: boolean;
}

/**
 * What a model gets when its device is opened, and may use until it is closed: its user's memory and interrupts.
 * Page frame numbers are IOVA >> 12.
 */
export interface DeviceUser {
  /** The readable vendor attributes of the mdev as of the open. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Sets the level of an interrupt line; the VFIO layer does the masking. A rising edge signals; a line still high when it is unmasked signals again. */
  setLine(index: number, subindex: number, high: boolean): void;
  /** Signals an edge-triggered interrupt once. */
  trigger(index: number, subindex: number): void;
  /**
   * vfio_pin_pages: pins `pfns[0..count)` for this device and writes the host's page frame numbers; all or nothing. Pins count: each needs its unpin.
   * @throws ErrnoError E2BIG over 512 pages, EINVAL unmapped, EPERM prot, EFAULT no page, ENOMEM over the limit, ENODEV task gone
   */
  pinPages(pfns: Float64Array, count: number, writable: boolean, hostPfns: Float64Array): void;
  /** vfio_unpin_pages. @returns how many were unpinned: it stops at the first that is not pinned @throws ErrnoError EINVAL when that is the first */
  unpinPages(pfns: Float64Array, count: number): number;
  /** vfio_dma_rw: reads the user's memory. @throws ErrnoError EINVAL unmapped, EPERM prot, EFAULT, EIO, ENODEV */
  readMemory(iova: bigint, into: Uint8Array): Promise<void>;
  writeMemory(iova: bigint, from: Uint8Array): Promise<void>;
  /** Starts work that takes longer than an answer may; what it throws is reported. Everything asynchronous that a model does begins here. */
  run(work: () => Promise<void>): void;
}

/**
 * A device as its driver plays it. It lives from bind to unbind and keeps its state between users.
 *
 * Guarantees of the VFIO layer: `open` and `close` alternate; `read`, `write` and `reset` come only while open; region index,
 * offset and length are within the region table, and the access is one that the region allows. A request comes whole, as the user made it.
 *
 * Assumptions: every call returns soon. ErrnoErrors go to the user; `read` and `write` return how many bytes were done, at least 1.
 */
export interface DeviceModel {
  readonly api: 'vfio-pci' | 'vfio-ccw' | 'vfio-ap';
  readonly regions: readonly RegionInit[];
  readonly irqs: readonly IRQInit[];
  open(user: DeviceUser): void;
  /** The user is gone, and with it all its pins and mappings. */
  close(): void;
  read(region: number, offset: number, into: Uint8Array): number;
  write(region: number, offset: number, from: Uint8Array): number;
  readonly reset?: () => void;
  /**
   * The range goes out of the user's mapping: let go of every pin in it before returning. Absent: the device pins nothing,
   * and pinPages answers EINVAL.
   */
  readonly dmaUnmap?: (iova: bigint, size: bigint) => void;
  /** Somebody wants the device back: tell the user, by the request interrupt where there is one. */
  readonly request?: () => void;
  /** The device is unbound: closes what it made by ModelServices. */
  dispose(): void;
}
