import type { CreatedReason } from '../../api/reasons.ts';
import type { Errno } from '../../lib/errno.ts';
import type { ProviderError } from '../../provider/contract.ts';

/** A refusal of the kernel for people: the reason a condition carries, and what happened and what to do about it. */
export interface Explanation {
  readonly reason: CreatedReason;
  readonly message: string;
}

type Table = Partial<Record<Errno, readonly [CreatedReason, string]>>;

const readOnly = 'The agent has /sys mounted read-only: mount it for writing, as a privileged container has it.';

const create: Table = {
  EINVAL: ['CreateFailed', 'The driver refuses the UUID or spec.params: correct them in a new object.'],
  EEXIST: ['CreateFailed', 'A device with this UUID exists already or is still being removed: it is tried again.'],
  ENOSPC: ['NoCapacity', 'The parent has no instance of the type left: it is made as soon as one is free.'],
  EUSERS: ['NoCapacity', 'The parent has no instance of the type left: it is made as soon as one is free.'],
  ENODEV: ['ParentLeaving', 'The parent is not registered or is being unregistered: it is made once the parent is back.'],
  ENOENT: ['UnknownType', 'The parent does not offer the type.'],
  EOPNOTSUPP: ['Unsupported', 'The parent does not take spec.params: leave it out.'],
  EACCES: ['PermissionDenied', 'The agent may not write to the parent: run it as root and privileged.'],
  EPERM: ['PermissionDenied', 'The agent may not write to the parent: run it as root and privileged.'],
  EROFS: ['PermissionDenied', readOnly],
  ENOMEM: ['CreateFailed', 'The kernel has no memory for the device: free some; it is tried again.'],
  ETIMEDOUT: ['KernelBlocked', "The kernel has not answered the creation: look for a hanging driver in the node's kernel log."],
  EIO: ['CreateFailed', "The driver failed at making the device: look for the cause in the node's kernel log; it is tried again."],
};

const mayNotClaim =
  "The agent may not open the device's group in /dev/vfio, without which a device that is in use could be removed: run it as root, and let its container or unit have VFIO devices (privileged, DeviceAllow=char-vfio).";

const claim: Table = {
  EBUSY: ['Removing', 'The device is in use: it is removed once it is closed.'],
  ENOENT: [
    'PermissionDenied',
    "The agent does not see the device's group in /dev/vfio, without which a device that is in use could be removed: let it have the node's /dev/vfio.",
  ],
  EACCES: ['PermissionDenied', mayNotClaim],
  EPERM: ['PermissionDenied', mayNotClaim],
  ETIMEDOUT: ['KernelBlocked', "The kernel has not answered the removal: look for a hanging driver in the node's kernel log."],
};

const remove: Table = {
  EBUSY: ['Removing', 'The device is in use: it is removed once it is closed.'],
  EAGAIN: ['KernelBlocked', 'The kernel is still creating the device: it is removed after that.'],
  ENOENT: ['Unremovable', "The kernel offers no way to remove the device any more: reload the parent's driver."],
  ENODEV: ['Unremovable', "The kernel offers no way to remove the device any more: reload the parent's driver."],
  EACCES: ['PermissionDenied', 'The agent may not remove the device: run it as root and privileged.'],
  EPERM: ['PermissionDenied', 'The agent may not remove the device: run it as root and privileged.'],
  EROFS: ['PermissionDenied', readOnly],
  ETIMEDOUT: ['KernelBlocked', "The kernel has not answered the removal: look for a hanging driver in the node's kernel log."],
};

const attribute: Table = {
  EINVAL: ['AttributeFailed', 'The driver refuses the value, or the name is no attribute: correct it in a new object.'],
  ENOENT: ['AttributeFailed', 'The device has no such attribute: correct the name in a new object.'],
  ENODEV: ['AttributeFailed', 'What the value names does not exist here, or the device was removed meanwhile: correct it in a new object.'],
  ERANGE: ['AttributeFailed', 'The value is out of range: correct it in a new object.'],
  EACCES: ['AttributeFailed', 'The attribute cannot be written: leave it out.'],
  EPERM: ['AttributeFailed', 'The attribute cannot be written: leave it out.'],
  EBUSY: ['AttributeFailed', 'What the attribute asks for is taken: free it, or ask for another value in a new object.'],
  ETIMEDOUT: ['KernelBlocked', "The kernel has not answered the write: look for a hanging driver in the node's kernel log."],
  EIO: [
    'AttributeFailed',
    "The driver failed at writing the value: look for the cause in the node's kernel log, or leave the attribute out in a new object; it is tried again.",
  ],
};

const group: Table = {
  EBUSY: ['GroupFailed', 'A device of the group is open: close it; the group is formed then.'],
  EOPNOTSUPP: ['Unsupported', 'The parent cannot group devices: leave spec.group out.'],
};

const connect: Table = {
  EACCES: ['ProviderUnavailable', 'The agent may not reach the kernel or its emulation.'],
};

const steps: Record<ProviderError['step'], { readonly table: Table; readonly otherwise: readonly [CreatedReason, string] }> = {
  connect: { table: connect, otherwise: ['ProviderUnavailable', 'The kernel or its emulation cannot be reached: it is tried again.'] },
  list: { table: connect, otherwise: ['ProviderUnavailable', 'The state of the devices cannot be read: it is tried again.'] },
  users: { table: connect, otherwise: ['ProviderUnavailable', 'Who uses the device cannot be read: it is tried again.'] },
  create: { table: create, otherwise: ['CreateFailed', 'The kernel refused the creation: it is tried again.'] },
  claim: { table: claim, otherwise: ['RemoveFailed', 'The device could not be claimed for its removal: it is tried again.'] },
  remove: { table: remove, otherwise: ['RemoveFailed', 'The kernel refused the removal: it is tried again.'] },
  attribute: { table: attribute, otherwise: ['AttributeFailed', 'The driver refused the attribute.'] },
  online: { table: {}, otherwise: ['CreateFailed', 'The driver refused to switch the device: it is tried again.'] },
  group: { table: group, otherwise: ['GroupFailed', 'The devices could not be grouped: it is tried again.'] },
};

/** What a refusal means and what to do about it, with the kernel's own words at the end. */
export function explain(error: ProviderError): Explanation {
  const { table, otherwise } = steps[error.step];
  const [reason, sentence] = table[error.code] ?? otherwise;
  const said = error.message.startsWith(error.code) ? error.message : `${error.code}: ${error.message}`;
  return { reason, message: `${sentence} (${error.step}: ${said})`.slice(0, 4096) };
}
