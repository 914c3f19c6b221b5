import { ErrnoError } from '../../lib/errno.ts';
import type { Claim, OpenDevice, OpenGroup } from './handles.ts';
import type { User } from './snapshot.ts';
import type { Core, Device } from './state.ts';
import { changed, findDevice, inTurn } from './state.ts';

/** See MdevBus.open for the contract. */
export async function openDevice(core: Core, uuid: string, user: User): Promise<OpenDevice> {
  const device = findDevice(core, uuid);
  refuseUnready(device);
  const { group, identity } = device;
  if (group === undefined) throw new ErrnoError('ENODEV', `mdev ${uuid} has no IOMMU group: no bus driver is bound to it`);
  core.groups.enter(group, user);
  device.opens++;
  try {
    await inTurn(device, async () => {
      if (device.committed) return;
      await device.parent.ops.open?.(identity);
      device.committed = true;
    });
  } catch (error) {
    endOpen();
    throw error;
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    inTurn(device, async () => {
      try {
        if (device.opens > 1) return;
        device.committed = false;
        await device.parent.ops.release?.(identity);
      } catch (error) {
        core.report({ kind: 'driver-error', uuid, step: 'release', error });
      } finally {
        endOpen();
      }
    });
  return {
    uuid,
    user,
    async release() {
      if (closing !== undefined) throw new ErrnoError('EBADF', `this open of mdev ${uuid} is closed already`);
      closing = close();
      await closing;
    },
    async [Symbol.asyncDispose]() {
      closing ??= close();
      await closing;
    },
  };

  function endOpen(): void {
    device.opens--;
    if (group !== undefined) core.groups.leave(group);
    changed(device);
  }
}

/** See MdevBus.claim for the contract. */
export function claimDevice(core: Core, uuid: string): Claim {
  const device = findDevice(core, uuid);
  refuseUnready(device);
  const { group } = device;
  if (group === undefined) throw new ErrnoError('ENODEV', `mdev ${uuid} has no IOMMU group: no bus driver is bound to it`);
  core.groups.claim(group);
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    core.groups.unclaim(group);
  };
  return { uuid, release, [Symbol.dispose]: release };
}

/** See MdevBus.openGroup for the contract. */
export function openGroup(core: Core, number: number, user: User, onGone: () => void): OpenGroup {
  const group = core.groups.openFile(number, user, onGone);
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    core.groups.closeFile(group);
  };
  return { number, user, release, [Symbol.dispose]: release };
}

function refuseUnready(device: Device): void {
  if (device.state !== 'live') throw new ErrnoError('ENODEV', `mdev ${device.identity.uuid} is ${device.state}`);
}
