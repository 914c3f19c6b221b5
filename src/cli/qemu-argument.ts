import { findCondition } from '../api/condition.ts';
import type { MdevDevice } from '../api/mdev-device.ts';

/** What a user of a device is told: the argument to paste, with notes; or why there is none. */
export type QemuAdvice = { readonly argument: string; readonly notes: readonly string[] } | { readonly refusal: string };

/** The QEMU argument that attaches the device, from its object. */
export function qemuArgument({ metadata, status }: MdevDevice): QemuAdvice {
  const name = `mdevdevice ${metadata.namespace ?? ''}/${metadata.name}`;
  const ready = findCondition(status?.conditions, 'Ready');
  if (metadata.deletionTimestamp !== undefined) return { refusal: `${name} is being deleted` };
  if (ready?.status !== 'True') {
    const why = ready === undefined ? 'nobody has looked at it yet' : `${ready.reason}: ${ready.message}`;
    return { refusal: `${name} is not ready (${why})` };
  }
  const path = status?.vfio?.socketPath;
  if (path === undefined) return { refusal: `${name} has no vfio-user socket; only devices of an emulated parent have one` };
  if (status?.deviceAPI !== 'vfio-pci')
    return {
      refusal: `${name} is a ${status?.deviceAPI ?? 'unknown'} device, and QEMU attaches PCI devices only over vfio-user; its socket is ${path}`,
    };
  const device = { driver: 'vfio-user-pci', socket: { type: 'unix', path } };
  const users = (status.users ?? []).map(({ pid, comm }) => `${comm} (${pid})`);
  return {
    argument: `-device ${quoted(JSON.stringify(device))}`,
    notes: [
      ...(users.length > 0 ? [`It is in use by ${users.join(', ')}: another QEMU gets it when that has ended.`] : []),
      'QEMU 10.1 or later, on the node of the device and as a user that may open the socket. For fast DMA share its memory:',
      '  -object memory-backend-memfd,id=ram,size=2G,share=on -machine q35,memory-backend=ram -m 2G',
    ],
  };
}

/** The text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
