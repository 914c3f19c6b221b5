import type { Errno } from '../lib/errno.ts';

/**
 * The seam between the controllers and a kernel: everything above it is the same for the real kernel and the emulated
 * one. `test/provider/` holds the contract suite that every provider passes.
 *
 * Guarantees
 * - Input is checked before anything is touched; a refusal changes nothing.
 * - Every failure is a ProviderError with the errno and the step that failed; a failed create leaves nothing behind.
 * - Counts and devices are read afresh at every call; no answer comes from a cache.
 * - Of two creators of one device exactly one succeeds. After a removal has succeeded the device is gone and nothing leaks.
 * - One device or parent that hangs delays no call about another.
 * - Every call takes an AbortSignal. Aborting ends the waiting, with the signal's reason, not what the kernel has begun.
 * - Upper case in an id is as good as lower. An id that no device may have is EINVAL everywhere; only `getDevice` answers undefined.
 * - EIO at step `connect` says that the kernel was not reached, or its answer was lost: look whether it has done it.
 *
 * Assumptions
 * - The caller does not start two changes of one device at once.
 */
export interface MdevProvider {
  /** Which kernel this is. Changes only when `boot` is announced by the watch. */
  info(signal: AbortSignal): Promise<ProviderInfo>;
  /** All registered parents with their types and counts, ordered by name. */
  listParents(signal: AbortSignal): Promise<readonly Parent[]>;
  /** One parent. Fails with ENODEV if it is not registered. */
  getParent(name: string, signal: AbortSignal): Promise<Parent>;
  /** All mdevs whoever made them, ordered by id, those being created or removed included. */
  listDevices(signal: AbortSignal): Promise<readonly Device[]>;
  /** One mdev, or undefined if there is none with this id. */
  getDevice(id: string, signal: AbortSignal): Promise<Device | undefined>;
  /**
   * Creates a device and answers it as it then is.
   * Errors (step `create`): EINVAL (malformed or nil UUID, bad params), EEXIST (the UUID exists under any parent or is being
   * removed), ENOSPC or the driver's own such as EUSERS (no instance left), ENODEV (no such parent, or it is leaving),
   * ENOENT (no such type), EOPNOTSUPP (params where the parent has no such feature), EACCES, EIO, ETIMEDOUT (the kernel has not answered).
   * (step `connect`): EIO, the kernel is of another boot than `bootID`; nothing was made.
   */
  create(request: CreateRequest, signal: AbortSignal): Promise<Device>;
  /**
   * Claims the device so that nobody can open it any more, and removes it.
   * Errors (step `claim`): EBUSY, in use, nothing changed. (step `remove`): ENOENT (no such device, or it is
   * being removed already), EAGAIN (it is still being created), ETIMEDOUT (the kernel goes on removing), the driver's own.
   */
  remove(id: string, signal: AbortSignal): Promise<void>;
  /**
   * Writes one attribute of a device.
   * Errors (step `attribute`): EINVAL (a name that is no attribute's, or a value the driver refuses), ENOENT (no such attribute), ENODEV (no such device), EACCES (read-only), the driver's own.
   */
  setAttribute(id: string, name: string, value: string, signal: AbortSignal): Promise<void>;
  /** The attributes of a device that can be read, in the driver's order. Errors (step `attribute`): ENODEV. */
  readAttributes(id: string, signal: AbortSignal): Promise<readonly Attribute[]>;
  /** Switches the device on or off. Errors (step `online`): EOPNOTSUPP (the parent lacks feature Online), EBUSY, ENODEV, the driver's own. */
  setOnline(id: string, online: boolean, signal: AbortSignal): Promise<void>;
  /**
   * Puts the devices, and no others, into one IOMMU group, for one user to own together. Does nothing if they are that already,
   * which succeeds whoever has them open.
   * Errors (step `group`): EOPNOTSUPP (the parent lacks feature Groups), EBUSY (one is open), ENODEV.
   */
  setGroup(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Who has the device, or another of its IOMMU group, open. Errors (step `users`): ENODEV. */
  users(id: string, signal: AbortSignal): Promise<Users>;
  /** `users` of all devices that are in use, in one question, ordered by id. */
  listUses(signal: AbortSignal): Promise<readonly DeviceUse[]>;
  /**
   * Announces changes until `signal` aborts; the iterable then ends. The first event is `sync`: read everything. Events may be
   * merged and say only where to look again: a device that comes or goes changes the counts of its parent, which is announced too.
   * That a device is opened or closed, what it pins, or that its removal has begun, no real kernel announces; the emulated one announces
   * the first two as the device's. `sync` comes again when some may have been lost, `boot` when the kernel is
   * another one (a reboot). Reconnects by itself.
   */
  watch(signal: AbortSignal): AsyncIterable<ProviderEvent>;
  /** Lets go of what the provider holds; devices stay. */
  close(): Promise<void>;
}

export type Feature = 'Online' | 'Groups' | 'Params' | 'Attributes';
export type Sharing = 'Slots' | 'Pooled' | 'Exclusive' | 'Unknown';

export interface ProviderInfo {
  readonly kind: 'emulated' | 'sysfs';
  /** Identifies the boot of the kernel; group numbers and paths are valid within it. */
  readonly bootID: string;
}

export interface Attribute {
  readonly name: string;
  readonly value: string;
}

export interface ParentType {
  /** The directory name in sysfs, such as `nvidia-11`. */
  readonly id: string;
  /** Falls back to the id where the driver gives none. */
  readonly name: string;
  readonly description?: string;
  readonly deviceAPI?: string;
  readonly maxInstances?: number;
  readonly availableInstances: number;
  /** How many devices of the type exist. */
  readonly instances: number;
  readonly attributes: readonly Attribute[];
  /** Why availableInstances is 0, if it is and the driver tells. */
  readonly reason?: string;
}

export interface Parent {
  /** The kernel's name, such as `0000:86:00.0`. */
  readonly name: string;
  readonly driver?: string;
  /** With 0x, lower case. */
  readonly vendorID?: string;
  readonly deviceID?: string;
  readonly numaNode?: number;
  readonly sharing: Sharing;
  readonly features: readonly Feature[];
  /** True while the parent is being unregistered: no creates any more. */
  readonly leaving: boolean;
  readonly types: readonly ParentType[];
}

/** `creating` and `removing` devices exist for the kernel (EEXIST) but cannot be used. */
export type DeviceState = 'creating' | 'live' | 'removing';

export interface Device {
  /** Opaque to callers; of an mdev its UUID, lower case. */
  readonly id: string;
  readonly parent: string;
  /** Empty where the kernel no longer tells: of a device that is being removed. */
  readonly typeID: string;
  readonly state: DeviceState;
  readonly deviceAPI?: string;
  /** Undefined where the parent lacks feature Online. */
  readonly online?: boolean;
  /** The IOMMU group number; absent while there is none. Reused by the kernel: never an identity. */
  readonly group?: number;
  /** Only if the node exists. Never for an emulated device. */
  readonly groupPath?: string;
  readonly cdevPath?: string;
  /** The vfio-user socket of an emulated device. */
  readonly socketPath?: string;
  /** Since when (RFC 3339) the kernel has not answered what it was told to do with the device, once it is past all patience. */
  readonly blockedSince?: string;
}

export interface CreateRequest {
  readonly id: string;
  readonly parent: string;
  readonly typeID: string;
  /** Handed to the driver untouched; needs feature Params. */
  readonly params?: string;
  /** The boot that the caller knows; in another one nothing is made. */
  readonly bootID?: string;
}

export interface DeviceUser {
  readonly pid: number;
  readonly comm: string;
  readonly vm?: string;
}

/** `inUse` is certain where it is true, or `blind` absent; `known` may be empty though the device is in use. */
export interface Users {
  readonly inUse: boolean;
  readonly known: readonly DeviceUser[];
  /** Why there may be users that cannot be seen from here: which right is missing. */
  readonly blind?: string;
  /** What is pinned for the device's user, where the kernel tells. */
  readonly pinned?: Pinned;
  /** The last pin for this device that the limit of its user refused, where the kernel tells; it stays when the user has gone. */
  readonly refused?: PinRefusal;
}

export interface DeviceUse extends Users {
  readonly id: string;
}

/** Memory pinned for the user of a device. */
export interface Pinned {
  /** Pages of the user's memory that this device holds pinned, where the kernel tells that of a device. */
  readonly pages?: number;
  /** What the user's process has locked, for all its devices, in bytes: what counts against the limit. */
  readonly lockedBytes: number;
  /** RLIMIT_MEMLOCK of that process, in bytes; absent where nothing holds it back (unlimited, or CAP_IPC_LOCK). */
  readonly limitBytes?: number;
}

/** A pin that RLIMIT_MEMLOCK refused, with ENOMEM. */
export interface PinRefusal {
  /** Grows by one with each refusal of the device, within one boot. */
  readonly number: number;
  readonly pid: number;
  readonly comm: string;
  /** What the process had locked, what it may lock, and how much more was asked for, in bytes. */
  readonly lockedBytes: number;
  readonly limitBytes: number;
  readonly wantedBytes: number;
}

export type ProviderEvent =
  | { readonly kind: 'sync' }
  | { readonly kind: 'boot'; readonly bootID: string }
  | { readonly kind: 'parent'; readonly parent: string }
  /** `parent` is undefined where the device vanished before it could be read. */
  | { readonly kind: 'device'; readonly id: string; readonly parent?: string };

export type ProviderStep = 'connect' | 'list' | 'create' | 'claim' | 'remove' | 'attribute' | 'online' | 'group' | 'users';

/** The one error of every provider: what the kernel answered, and at which step. */
export class ProviderError extends Error {
  readonly code: Errno;
  readonly step: ProviderStep;

  constructor(code: Errno, step: ProviderStep, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProviderError';
    this.code = code;
    this.step = step;
  }
}
