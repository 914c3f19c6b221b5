import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../lib/errno.ts';
import { hasCapability } from '../../lib/proc-text.ts';
import { exists, isDenied, names, readText } from './files.ts';
import type { SysfsLayout } from './layout.ts';
import { parentNames } from './parents.ts';
import { namespaceBlindness } from './proc/holders.ts';

/** Something about a node that matters to whoever wants mediated devices on it. */
export interface Finding {
  /** `problem`: something does not work by it. `note`: it may be as it should be. */
  readonly kind: 'good' | 'problem' | 'note';
  /** What is the case. */
  readonly what: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** Whether mediated devices can be had on this node, and whether this process could manage them: what is missing, and what to do. Changes nothing. */
export async function examineNode(layout: SysfsLayout): Promise<Finding[]> {
  const parents = await parentNames(layout);
  const findings = await Promise.all([
    core(layout, parents),
    writing(layout, parents),
    vfio(layout),
    namespace(layout),
    ptrace(layout),
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
  if (parent === undefined) return undefined;
  const types = join(layout.parents, parent, 'mdev_supported_types');
  const [type] = await names(types);
  if (type === undefined) return problem(`Parent ${parent} has no types`, "look at the driver's messages in the kernel log");
  try {
    await access(join(types, type, 'create'), constants.W_OK);
    return good('Devices may be created');
  } catch (error) {
    if (errnoOf(error) === 'EROFS') return problem('/sys is mounted read-only', 'mount it for writing, as a privileged container has it');
    return problem(
      `This user may not create devices (${errnoOf(error) ?? 'refused'})`,
      'run the agent as root: these files are root’s alone',
    );
  }
}

async function vfio({ vfio: folder }: SysfsLayout): Promise<Finding> {
  if (await exists(join(folder, 'vfio'))) return good('/dev/vfio/vfio is there');
  return problem(
    'There is no /dev/vfio/vfio',
    'load vfio_iommu_type1, or mount /dev/vfio into the container: without it no VMM can use a device, nor can one be removed safely',
  );
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
  if (hasCapability(status, 'sysPtrace') && (await mayLookAt(join(proc, '1/fd'))))
    return good('The open files of all processes can be looked at');
  return problem(
    'Who uses a device cannot be told: the right to look at other processes is missing',
    'give the agent CAP_SYS_PTRACE in the node’s own user namespace, or run it as root',
  );
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
