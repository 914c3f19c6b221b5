/**
 * Every reason that a condition or Event of this project can carry, by condition, with what it means.
 * Reasons are part of the API: programs match on them.
 */
export const reasons = {
  Allocated: {
    Allocated: 'A parent was chosen; status.allocation names it.',
    NoMatchingParent: 'No MdevParent fits nodeName, nodeSelector and parent.',
    NoSuchType: 'Parents fit, but none of them offers the type.',
    NoCapacity: 'Parents offer the type, but none has an instance left.',
    Unschedulable: 'The fitting parents are unschedulable, their node is cordoned, or allowedTypes excludes the type.',
    NodeLost: 'The fitting parents are on nodes whose agents are not heard.',
    UUIDConflict: 'An older object claims the same UUID.',
    Withdrawn: 'The device could not be created where it was put; another place is being sought.',
    AdoptNotAllowed: 'spec.adopt is true, but the namespace is not among those the controller and agent allow to adopt.',
    ClassNotFound: 'There is no MdevClass of the name in spec.className.',
    NotAllowedByClass: 'The MdevClass that binds the device does not allow what it asks for; the message says what it allows.',
    GroupSplit: 'Devices of one group must be on one parent, and that parent has no room.',
    AdoptNotFound: 'No parent reports a device with this UUID that nobody owns.',
    AdoptMismatch: 'The device to adopt has another type or is on another parent than the object asks for.',
  },
  Created: {
    Created: 'The mediated device exists.',
    Adopted: 'The mediated device existed before and was taken over.',
    Pending: 'The device is about to be created.',
    NoCapacity: 'The parent has no instance of the type left.',
    UnknownType: 'The parent does not offer the type (any more).',
    ParentAbsent: 'The parent is not on the node.',
    ParentLeaving: 'The parent is being unregistered by its driver.',
    ForeignDevice: 'A device with this UUID exists that this object does not own; it is left alone.',
    AdoptMismatch: 'The device to adopt has another type or parent.',
    AdoptNotFound: 'There is no device to adopt with this UUID.',
    AdoptNotAllowed: 'This agent does not allow adoption in this namespace.',
    AttributeFailed: 'Writing an attribute failed; the device was rolled back.',
    CreateFailed: 'The kernel refused the creation.',
    GroupFailed: 'The device could not be put into one IOMMU group with the others of its group.',
    PermissionDenied: 'The agent lacks a right on its node; the message says which.',
    KernelBlocked: 'A write into the kernel has not returned.',
    Unremovable: 'The kernel no longer offers a way to remove the device.',
    Removing: 'The device is being removed.',
    RemoveFailed: 'The kernel refused the removal.',
    Removed: 'The device was removed.',
    Withdrawn: 'Nothing of the device is on this node any more; it can be allocated anew.',
    RecordFailed: 'The ownership record could not be written; nothing is touched without it.',
    ProviderUnavailable: 'The kernel or its emulation cannot be reached.',
    UUIDConflict: 'An older object claims the same UUID.',
    InvalidSpec: 'The specification cannot be carried out on this node.',
    Unsupported: 'This node cannot do what a field asks for.',
  },
  Online: {
    Online: 'The driver has committed the resources of the device.',
    Implicit: 'This kernel commits resources when the device is opened; there is nothing to switch.',
    Offline: 'The device is offline, as spec.online asks.',
    NotCreated: 'There is no device to switch.',
    OnlineFailed: 'The driver refused to switch the device.',
    Unsupported: 'This kernel cannot take a device offline.',
  },
  InUse: {
    InUse: 'The device is open.',
    NotInUse: 'Nobody has the device open.',
    Unknown: 'Whether the device is in use cannot be told.',
  },
  Ready: {
    Ready: 'The device exists as specified and can be used.',
    Offline: 'The device exists and is offline, as specified.',
    Deleting: 'The object is being deleted.',
    NodeLost: 'The agent of the node has not reported for too long.',
  },
  Present: {
    Present: 'The parent is registered on the node.',
    Absent: 'The parent is not registered on the node (any more).',
    Leaving: 'The parent is being unregistered and waits for users of its devices.',
    NodeLost: 'The agent of the node has not reported for too long.',
    KernelBlocked: 'A write into the kernel has not returned.',
  },
  /** Condition Ready of an MdevDeviceSet. */
  SetReady: {
    Ready: 'All devices of the set are there and Ready, or offline as the template says.',
    DevicesNotReady: 'Devices of the set are missing or not Ready; the message says what they lack.',
    NoNodes: 'No node matches the template, so there are no devices to make.',
  },
  /** Condition Progressing of an MdevDeviceSet. */
  Progressing: {
    Complete: 'The set has as many devices as it shall have, all as the template says.',
    Scaling: 'Devices are being made or removed.',
    RollingOut: 'Devices of an earlier template are being replaced.',
    WaitingForRelease: 'Devices that shall go or be replaced are in use; they are left until they are released.',
    NameTaken: 'An object with the name of a device of the set exists and is not of the set; it is left alone.',
    CreateFailed: 'The API server refused to create, change or delete a device.',
  },
  /** Of Events that are about no condition. */
  Event: {
    DeviceLost: 'The device was removed by somebody else, or went with a reboot; it is made again.',
    SeveralDefaultClasses: 'Several MdevClasses are marked as default; the newest of them binds devices that name no class.',
    NodeLost: 'The agent of the node has not reported for too long; its devices and parents say so.',
    NodeReturned: 'The agent of a lost node reports again.',
    MemlockExceeded: 'The limit on locked memory of the process that uses the device refused a pin.',
  },
} as const satisfies Record<string, Record<string, string>>;

export type AllocatedReason = keyof typeof reasons.Allocated;
export type CreatedReason = keyof typeof reasons.Created;
export type OnlineReason = keyof typeof reasons.Online;
export type InUseReason = keyof typeof reasons.InUse;
/** Ready takes over the reason of whatever is missing. */
export type ReadyReason = keyof typeof reasons.Ready | AllocatedReason | CreatedReason | OnlineReason;
export type PresentReason = keyof typeof reasons.Present;
export type SetReadyReason = keyof typeof reasons.SetReady;
export type ProgressingReason = keyof typeof reasons.Progressing;
