import type { reasons } from './reasons.ts';

type Reasons = typeof reasons;

/** Where there is nothing to do. */
const nothing = 'Nothing.';

const nodeLost =
  'Look after the node and its agent pod (`kubectl get pods -n mdev-system -o wide`). Nothing on it is touched meanwhile. If the machine will not come back, delete its Node object or taint it `node.kubernetes.io/out-of-service`.';
const conflict = 'Delete one of the two objects, or give one another `spec.uuid`. The older one keeps it.';
const adoptNotFound =
  'Compare `spec.uuid` with `status.devices` of the MdevParents: the device must exist and have no owner. `mdev-operator import` on the node prints what can be adopted.';
const adoptMismatch = 'Write type and parent into the spec as the device has them; `mdev-operator import` on the node prints them.';
const noCapacity =
  'Wait, delete devices of that parent that nobody needs, or add a parent. `kubectl get mdevparents` shows what remains, and for a type with nothing left its `reason`.';

/** What a person does about each reason of `reasons`, in Markdown. The type lets no reason go without. */
export const reasonAdvice: { readonly [Condition in keyof Reasons]: { readonly [Reason in keyof Reasons[Condition]]: string } } = {
  Allocated: {
    Allocated: nothing,
    NoMatchingParent:
      'Compare `spec.nodeName`, `spec.nodeSelector` and `spec.parent` with `kubectl get mdevparents,nodes --show-labels`; the message counts what each of them excludes. If a node has hardware and no MdevParent, run `mdev-operator doctor` on it.',
    NoSuchType:
      'Choose a type that is there: `kubectl get mdevparents` lists them under REMAINING. Drivers name types differently from version to version; `spec.type.name` may hold longer than `spec.type.id`.',
    NoCapacity: noCapacity,
    Unschedulable:
      'Uncordon the node (`kubectl uncordon`), or change `spec.unschedulable` or `spec.allowedTypes` of the MdevParent that the message names.',
    NodeLost: nodeLost,
    UUIDConflict: conflict,
    Withdrawn: 'Wait: it goes to another parent, or back when there is none. The message says why it could not stay.',
    AdoptNotAllowed:
      'Start controller and agents with `--adopt-namespace` for this namespace, or for `*` where classes are to decide; or leave `spec.adopt` out.',
    ClassNotFound: 'Make the MdevClass, or correct `spec.className`: delete the object and apply it again.',
    NotAllowedByClass:
      'Ask for what the class allows (the message says it), name another class, or have an administrator change the MdevClass.',
    GroupSplit: 'Free room for the whole group on one parent, or put fewer devices into the group.',
    AdoptNotFound: adoptNotFound,
    AdoptMismatch: adoptMismatch,
  },
  Created: {
    Created: nothing,
    Adopted: 'Nothing. It is left when the object is deleted, unless `spec.reclaimPolicy` is Delete.',
    Pending: 'Wait. If it stays so, look at the log of the agent of the node.',
    NoCapacity: noCapacity,
    UnknownType:
      'The driver has changed, or the card was configured anew. Restore its configuration, or delete the object and apply one with a type that is there.',
    ParentAbsent:
      'See why the parent is gone from its node: is its driver loaded (`lsmod`, `dmesg`), is the card there? `mdev-operator doctor` says what is missing. When it is back the device is made again.',
    ParentLeaving: 'Wait until the driver has unloaded, or end whoever holds devices of that parent open.',
    ForeignDevice:
      'Somebody else made a device with this UUID (mdevctl, libvirt, hand). Remove it there, adopt it (`spec.adopt: true`), or choose another `spec.uuid`.',
    AdoptMismatch: adoptMismatch,
    AdoptNotFound: adoptNotFound,
    AdoptNotAllowed: 'Start the agent with `--adopt-namespace` for this namespace, or leave `spec.adopt` out.',
    AttributeFailed:
      "Correct `spec.attributes`: the message names the attribute and the driver's errno. Delete the object and apply it again.",
    CreateFailed:
      "Look up the driver's errno in the message, and `dmesg` on the node. It is tried again with growing pauses, and elsewhere where there is another parent.",
    GroupFailed: 'All devices of the group must be closed while it is put together; the message names what is open.',
    PermissionDenied:
      'Give the agent the right that the message names. `mdev-operator doctor` on the node, as the user of the agent, tries them all.',
    KernelBlocked:
      "A driver does not return. See `dmesg` and `cat /proc/PID/stack` of the writer that the agent's log names; end whoever holds the device open. If it never returns, only a reboot helps. Other parents go on.",
    Unremovable: 'Unload the driver of the parent when none of its devices is in use, or reboot the node.',
    Removing: 'Wait. If it stays so, see who has the device open: `kubectl get mdev NAME -o yaml`, `status.users`.',
    RemoveFailed: "Look up the driver's errno in the message, and `dmesg` on the node. It is tried again with growing pauses.",
    Removed: nothing,
    Withdrawn: 'Nothing. The controller looks for another place.',
    RecordFailed:
      'Free space or inodes in the folder of the ownership records (`--data-dir`, /var/lib/mdev-operator in `deploy/`), or mend its rights. The agent goes on by itself within seconds.',
    ProviderUnavailable:
      'With an emulated kernel: see that the emulator runs and its socket is where `--emulator` says. With the real one: `mdev-operator doctor`.',
    UUIDConflict: conflict,
    InvalidSpec: 'Correct the spec as the message says: delete the object and apply it again.',
    Unsupported: 'Leave out the field that the message names, or use a parent whose `status.features` has it.',
  },
  Online: {
    Online: nothing,
    Implicit: nothing,
    Offline: 'Nothing. Set `spec.online: true` to use it.',
    NotCreated: 'See condition Created.',
    OnlineFailed: "Look up the driver's errno in the message; a device that is open cannot be switched.",
    Unsupported: 'Leave `spec.online` out: this kernel has no such switch.',
  },
  InUse: {
    InUse: 'Nothing. `status.users` says who.',
    NotInUse: nothing,
    Unknown: 'Give the agent the right that the message names: without it nobody can tell whether a device may be removed, so it is not.',
  },
  Ready: {
    Ready: nothing,
    Offline: 'Nothing, or set `spec.online: true`.',
    Deleting: 'Wait. If it stays so, see condition InUse: the object goes when whoever has the device open closes it.',
    NodeLost: nodeLost,
  },
  Present: {
    Present: nothing,
    Absent: 'See whether the driver is loaded and the card is there. If it was taken out for good, delete the MdevParent.',
    Leaving: 'End whoever has devices of it open; `status.devices` lists them.',
    NodeLost: nodeLost,
    KernelBlocked: 'As for condition Created: see `dmesg` on the node; other parents go on.',
  },
  SetReady: {
    Ready: nothing,
    DevicesNotReady: 'See the devices of the set (`kubectl get mdev -l` with `status.selector`): each says what it lacks.',
    NoNodes: 'Correct `spec.template.spec.nodeSelector`, or label nodes.',
  },
  Progressing: {
    Complete: nothing,
    Scaling: 'Wait.',
    RollingOut: 'Wait: devices in use are replaced when they are released.',
    WaitingForRelease: 'Release the devices that the message names, or leave them: nothing presses.',
    NameTaken: 'Rename or delete the object that has the name, or rename the set.',
    CreateFailed: 'Do what the message says: a quota, an admission policy or a missing right is in the way.',
  },
  Event: {
    DeviceLost: 'Find out who removes devices by hand, if it was no reboot. The device is there again under its UUID.',
    SeveralDefaultClasses: 'Take the annotation `mediated.dev/is-default-class` off all MdevClasses but one.',
    NodeLost: nodeLost,
    NodeReturned: nothing,
    MemlockExceeded:
      'Raise the limit of the process (RLIMIT_MEMLOCK; `memtune/hard_limit` in libvirt) to the memory of the guest and what its devices need besides; the message has the figures.',
  },
};

/** What a person does about a condition of that reason, in Markdown; undefined where there is nothing to do, or nobody here sets it. */
export function adviceFor(condition: string, reason: string): string | undefined {
  const advice = (reasonAdvice as Readonly<Record<string, Readonly<Record<string, string>>>>)[condition]?.[reason];
  return advice === nothing ? undefined : advice;
}
