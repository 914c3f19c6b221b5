import { findCondition } from '../../api/condition.ts';
import type { DeviceStatus, MdevDevice } from '../../api/mdev-device.ts';

/** What a user of a device is told: the argument to paste, with notes; or why there is none. */
export type QemuAdvice = { readonly argument: string; readonly notes: readonly string[] } | { readonly refusal: string };

/** The QEMU argument that attaches the device, from its object. */
export function qemuArgument({ metadata, status }: MdevDevice): QemuAdvice {
  const name = `mdevdevice ${metadata.namespace ?? ''}/${metadata.name}`;
  const ready = findCondition(status?.conditions, 'Ready');
  if (metadata.deletionTimestamp !== undefined) return { refusal: `${name} is being deleted` };
  if (status === undefined || ready?.status !== 'True') {
    const why = ready === undefined ? 'nobody has looked at it yet' : `${ready.reason}: ${ready.message}`;
    return { refusal: `${name} is not ready (${why})` };
  }
  const users = (status.users ?? []).map(({ pid, comm }) => `${comm} (${pid})`);
  const inUse = users.length > 0 ? [`It is in use by ${users.join(', ')}: another QEMU gets it when that has ended.`] : [];
  const { socketPath, groupPath, cdevPath } = status.vfio ?? {};
  if (socketPath !== undefined) return emulated(name, status, socketPath, inUse);
  if (groupPath !== undefined || cdevPath !== undefined) return real(name, status, inUse);
  return { refusal: `${name} has neither a vfio-user socket nor a VFIO node, so nothing can open it` };
}

/** Over vfio-user, which QEMU speaks for PCI devices only. */
function emulated(name: string, { deviceAPI }: DeviceStatus, path: string, inUse: readonly string[]): QemuAdvice {
  if (deviceAPI !== 'vfio-pci')
    return {
      refusal: `${name} is a ${deviceAPI ?? 'unknown'} device, and QEMU attaches PCI devices only over vfio-user; its socket is ${path}`,
    };
  return {
    argument: argumentOf({ driver: 'vfio-user-pci', socket: { type: 'unix', path } }),
    notes: [
      ...inUse,
      'QEMU 10.1 or later, on the node of the device and as a user that may open the socket. For fast DMA share its memory:',
      '  -object memory-backend-memfd,id=ram,size=2G,share=on -machine q35,memory-backend=ram -m 2G',
    ],
  };
}

/** QEMU's drivers for VFIO devices, by device API. */
const drivers: readonly string[] = ['vfio-pci', 'vfio-ccw', 'vfio-ap'];

/** Through the kernel's VFIO. */
function real(name: string, { deviceAPI = 'vfio-pci', uuid = '' }: DeviceStatus, inUse: readonly string[]): QemuAdvice {
  if (!drivers.includes(deviceAPI)) return { refusal: `${name} is a ${deviceAPI} device, which QEMU has no driver for` };
  return {
    argument: argumentOf({ driver: deviceAPI, sysfsdev: `/sys/bus/mdev/devices/${uuid}` }),
    notes: [
      ...inUse,
      'On the node of the device, as a user that may open its VFIO node. What the device pins of the guest counts against RLIMIT_MEMLOCK of QEMU:',
      'give it the guest’s memory and some (ulimit -l, LimitMEMLOCK=, or hard_limit of libvirt’s memtune). In libvirt:',
      `  <hostdev mode='subsystem' type='mdev' model='${deviceAPI}'><source><address uuid='${uuid}'/></source></hostdev>`,
    ],
  };
}

function argumentOf(device: object): string {
  return `-device ${quoted(JSON.stringify(device))}`;
}

/** The text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
