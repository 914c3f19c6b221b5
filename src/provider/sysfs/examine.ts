import { access, constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../lib/errno.ts';
import { hasCapability } from '../../lib/proc-text.ts';
import { exists, isDenied, names, readText } from './files.ts';
import type { SysfsLayout } from './layout.ts';
import { parentNames } from './parents.ts';
import { namespaceBlindness } from './proc/holders.ts';
import { listenForUevents } from './uevents/listener.ts';

/** Something about a node that matters to whoever wants mediated devices on it. */
export interface Finding {
  /** `problem`: something does not work by it. `note`: it may be as it should be. */
  readonly kind: 'good' | 'problem' | 'note';
  /** What is the case. */
  readonly what: string;
  /** What to do about it. */
  readonly advice?: string;
}

/**
 * Whether mediated devices can be had on this node, and whether this process could manage them: what is missing, and what to do. Changes nothing.
 * The rights that it asks for are those in README.md.
 */
export async function examineNode(layout: SysfsLayout, listen: typeof listenForUevents = listenForUevents): Promise<Finding[]> {
  const parents = await parentNames(layout);
  const findings = await Promise.all([
    core(layout, parents),
    writing(layout, parents),
    vfio(layout),
    namespace(layout),
    ptrace(layout),
    uevents(listen),
    iommu(layout),
  ]);
  return findings.filter((finding) => finding !== undefined);
}

async function core(layout: SysfsLayout, parents: readonly string[]): Promise<Finding> {
  if (parents.length > 0) return good(`The kernel has ${parents.length} mdev parents: ${parents.slice(0, 8).join(', ')}`);
  if (await exists(layout.bus))
    return problem(
      'The kernel knows mediated devices, but no driver has registered a parent',
      'load the driver of your device with what makes it a parent: the vGPU manager of NVIDIA, i915 with enable_gvt=1, vfio_ap or vfio_ccw, or a sample such as mtty',
    );
  if (!(await exists(layout.sys))) return problem('There is no sysfs', 'mount it at /sys, or into the container');
  return problem(
    "The kernel's mdev core is not loaded",
    'load the driver of your device, which loads it; a kernel without CONFIG_VFIO_MDEV, or a driver that makes SR-IOV functions instead, as newer vGPU drivers do, cannot have any',
  );
}

/** Whether what is written for a creation may be opened. */
async function writing(layout: SysfsLayout, [parent]: readonly string[]): Promise<Finding | undefined> {
  if (parent === undefined) return (await refusalOf(access(layout.sys, constants.W_OK))) === 'EROFS' ? readOnly : undefined;
  const types = join(layout.parents, parent, 'mdev_supported_types');
  const [type] = await names(types);
  if (type === undefined) return problem(`Parent ${parent} has no types`, "look at the driver's messages in the kernel log");
  // Opened, as access(2) asks for the rights of the real user, whatever capabilities there are. Nothing is made by that.
  const refused = await refusalToOpen(join(types, type, 'create'), constants.O_WRONLY);
  if (refused === undefined) return good('Devices may be created');
  if (refused === 'EROFS') return readOnly;
  return problem(
    `This user may not create devices (${refused})`,
    "run it as root, or with CAP_DAC_OVERRIDE: the files that devices are made by are root's alone",
  );
}

const readOnly: Finding = {
  kind: 'problem',
  what: '/sys is mounted read-only: devices cannot be made or removed',
  advice: 'mount it for writing: a container must be privileged, a systemd unit must not have ProtectKernelTunables=yes',
};

/** The errno of what fails; undefined when it succeeds. */
async function refusalOf(trying: Promise<unknown>): Promise<string | undefined> {
  try {
    await trying;
    return undefined;
  } catch (error) {
    return errnoOf(error) ?? 'refused';
  }
}

function refusalToOpen(path: string, flags: number): Promise<string | undefined> {
  return refusalOf(open(path, flags).then((file) => file.close()));
}

/** What a VMM needs of VFIO, and what removing needs: groups, whose opening tells whether a device is in use. */
async function vfio({ vfio: folder, sys }: SysfsLayout): Promise<Finding> {
  const has = (path: string): Promise<boolean> => exists(join(sys, path));
  const [node, groups, devices, type1, iommufd] = await Promise.all([
    exists(join(folder, 'vfio')),
    has('class/vfio'),
    has('class/vfio-dev'),
    has('module/vfio_iommu_type1'),
    has('class/misc/iommu'),
  ]);
  if (!groups && devices)
    return problem(
      "This kernel's VFIO has no groups (CONFIG_VFIO_GROUP)",
      'use a kernel that has them: by opening its group is found out whether a device is in use',
    );
  if (!groups)
    return problem(
      'VFIO is not loaded',
      'load vfio_iommu_type1, now and at boot (/etc/modules-load.d): without it no VMM can use a device',
    );
  if (!node)
    return problem(
      'There is no /dev/vfio/vfio',
      "let this process have the node's /dev/vfio, as by mounting it into the container: without it nobody can tell whether a device is in use, and none is removed",
    );
  if (!type1 && !iommufd)
    return problem(
      'vfio_iommu_type1 is not loaded',
      'load it, now and at boot (/etc/modules-load.d): without it no VMM can give a device its memory',
    );
  // Opened, which takes nothing from anybody: of the group of a device that is being handed to a VM the same could not be said.
  if ((await refusalToOpen(join(folder, 'vfio'), constants.O_RDWR)) === 'EPERM')
    return problem(
      'A device cgroup keeps this process from opening /dev/vfio/vfio: nor may it tell whether a device is in use, and none is removed',
      'let its container or unit have VFIO devices (privileged, DeviceAllow=char-vfio)',
    );
  return good('VFIO is loaded, and /dev/vfio/vfio is there');
}

async function namespace({ proc }: SysfsLayout): Promise<Finding> {
  const blindness = await namespaceBlindness(proc);
  if (blindness === undefined) return good("The node's processes can be seen");
  return problem(
    `Who uses a device cannot be told: ${blindness}`,
    'give the agent the PID namespace of the node (hostPID: true, --pid=host)',
  );
}

async function ptrace({ proc }: SysfsLayout): Promise<Finding> {
  const status = (await readText(join(proc, 'self/status'))) ?? '';
  const missing = [
    ...(hasCapability(status, 'sysPtrace') ? [] : ['CAP_SYS_PTRACE']),
    // The folder /proc/PID/fd is its process's user's alone.
    ...(hasCapability(status, 'dacOverride') || hasCapability(status, 'dacReadSearch') ? [] : ['CAP_DAC_OVERRIDE']),
  ];
  if (missing.length === 0 && (await mayLookAt(join(proc, '1/fd')))) return good('The open files of all processes can be looked at');
  return problem(
    'Who uses a device cannot be told: the right to look at the open files of other processes is missing',
    missing.length === 0
      ? "run it in the node's own user namespace: root of another one may not"
      : `run it as root, or with ${missing.join(' and ')}, in the node's own user namespace`,
  );
}

async function uevents(listen: typeof listenForUevents): Promise<Finding> {
  try {
    const listener = await listen(() => undefined);
    await listener[Symbol.asyncDispose]();
    return good("The kernel's uevents can be heard");
  } catch (error) {
    return {
      kind: 'note',
      what: `What others change is noticed seconds later: ${error instanceof Error ? error.message : String(error)}`,
      advice:
        'let this process open netlink sockets (a sandbox keeps it from that: RestrictAddressFamilies= without AF_NETLINK, a seccomp profile)',
    };
  }
}

async function mayLookAt(folder: string): Promise<boolean> {
  try {
    await names(folder);
    return true;
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}

async function iommu({ sys }: SysfsLayout): Promise<Finding> {
  if ((await names(join(sys, 'class/iommu'))).length > 0) return good('There is a hardware IOMMU');
  return { kind: 'note', what: 'There is no hardware IOMMU, or it is off: mediated devices need none, passing through whole devices does' };
}

function good(what: string): Finding {
  return { kind: 'good', what };
}

function problem(what: string, advice: string): Finding {
  return { kind: 'problem', what, advice };
}
