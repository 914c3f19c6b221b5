/**
 * What the core and its drivers promise each other. A parent driver (the kernel's vendor driver) hands
 * `ParentOps` to `registerParent`; a bus driver binds to the devices that come of it.
 */

/** Who a device is, as its driver sees it; the same object for the whole life of the device. */
export interface MdevIdentity {
  /** 36 characters, lower case. */
  readonly uuid: string;
  /** The parent's kernel name, such as 0000:86:00.0. */
  readonly parent: string;
  readonly typeID: string;
  /** The free-form text of the creator, untouched. */
  readonly params: string | undefined;
}

/** How many devices of a type can still be made; `reason` is a sentence, there whenever `count` is 0. */
export interface Availability {
  readonly count: number;
  readonly reason?: string;
}

/** How the types of a parent limit each other. */
export type Sharing = 'Slots' | 'Pooled' | 'Exclusive';

/** What happens to `remove` while the device is open: it waits for the last close, or it answers EBUSY. */
export type RemoveWhileOpen = 'block' | 'refuse';

/** One supported configuration of a parent, a directory of `mdev_supported_types`. */
export interface TypeInit {
  /** The directory's name, `<driver>-<type>`. */
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** `vfio-pci`, `vfio-ccw`, `vfio-ap`. */
  readonly deviceAPI: string;
  /** Devices carry peer_to_peer_resource_uuid, and those that share one share an IOMMU group. */
  readonly requiresGroup?: boolean;
  /** How many fit on the empty parent. */
  readonly maxInstances?: number;
  /** Vendor attributes: file name to its one value, without newline. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A vendor attribute of a parent or of a device. Without `write` it is read-only, without `read` write-only. */
export interface Attribute {
  /** One path element or two, such as `assign_adapter` or `nvidia/vgpu_params`. */
  readonly name: string;
  /** The value without its newline. */
  readonly read?: () => string;
  /** Takes the text as it was written, newline included. Throws ErrnoError with the driver's own errno. */
  readonly write?: (text: string) => Promise<void> | void;
}

/**
 * The callbacks of a parent driver. All may take their time; none of them is cut short.
 *
 * Guarantees of the core: for one device these callbacks never overlap (attribute writes may, with each other and
 * with all but create and remove), but those of different devices do; `remove` comes once after a `create` that succeeded, never while the device is open; `open`
 * and `release` alternate.
 *
 * Assumptions of the core: `create` takes what it needs before its first await, so that two creators never
 * share a slot; a `create` that throws has undone itself; `available` is as of now and costs O(1).
 */
export interface ParentOps {
  readonly types: readonly TypeInit[];
  readonly sharing: Sharing;
  readonly takesParams: boolean;
  readonly removeWhileOpen: RemoveWhileOpen;
  /** Vendor attributes of the parent. */
  readonly attributes?: readonly Attribute[];
  /** Vendor attributes of a device; asked at each access, after its creation only. */
  readonly deviceAttributes?: (mdev: MdevIdentity) => readonly Attribute[];
  readonly available: (typeID: string) => Availability;
  /** Throws ErrnoError: ENOSPC, or the driver's own errno. */
  readonly create: (mdev: MdevIdentity) => Promise<void>;
  /** May refuse by ErrnoError, which leaves the device as it was, but not when `force` is set: then all is freed, whatever it throws. */
  readonly remove: (mdev: MdevIdentity, options: { readonly force: boolean }) => Promise<void>;
  /** Commits (true) or frees the resources of the device by explicit wish. Absent: `online` answers EOPNOTSUPP. */
  readonly setOnline?: (mdev: MdevIdentity, online: boolean) => Promise<void>;
  /** First open: commits resources. */
  readonly open?: (mdev: MdevIdentity) => Promise<void>;
  /** Last close: frees them. An error is reported and changes nothing. */
  readonly release?: (mdev: MdevIdentity) => Promise<void>;
}

/** A driver on the mdev bus. The bus attaches an IOMMU group before `probe` and detaches it when that throws. */
export interface BusDriver {
  readonly name: string;
  readonly probe?: (mdev: MdevIdentity) => Promise<void>;
  readonly remove?: (mdev: MdevIdentity) => Promise<void>;
}

/** The default bus driver: shows the device to user space through its group. */
export const vfioMdev: BusDriver = { name: 'vfio_mdev' };

/** What a parent is registered with. */
export interface ParentInit {
  /** The kernel's name, such as 0000:86:00.0. */
  readonly name: string;
  /** The kernel driver's name. */
  readonly driver: string;
  /** The bus it sits on; `pci` if left out. */
  readonly subsystem?: string;
  readonly vendorID?: string;
  readonly deviceID?: string;
  readonly numaNode?: number;
  readonly ops: ParentOps;
}
