import { ErrnoError } from '../../lib/errno.ts';
import { removeBareDevice } from './create.ts';
import { refuseBusy } from './groups.ts';
import { unprobeDevice } from './probe.ts';
import type { Core, Device } from './state.ts';
import { changed, findDevice, reporting, usersOf, when } from './state.ts';

/** What writing `1` to a device's `remove` does. See MdevBus.remove for the contract. */
export async function removeDevice(core: Core, uuid: string): Promise<void> {
  const device = findDevice(core, uuid);
  if (device.state === 'creating') throw new ErrnoError('EAGAIN', `mdev ${uuid} is still being created`);
  if (device.state === 'removing') throw new ErrnoError('ENOENT', `mdev ${uuid} is being removed already`);
  if (device.parent.leaving)
    throw new ErrnoError('ENODEV', `parent ${device.identity.parent} is being unregistered and removes its devices itself`);
  if (device.parent.ops.removeWhileOpen === 'refuse' && device.opens > 0 && device.group !== undefined) refuseBusy(device.group);
  const wait = takeApart(core, device, { force: false });
  await reporting(core, wait, (milliseconds) => core.report({ kind: 'removal-waits', uuid, milliseconds, users: usersOf(device) }));
}

/**
 * Removes a live device: keeps openers and writers out, waits for those inside, asks the driver, and takes the
 * rest apart in the reverse order of its making. Whoever calls this on a live device is the one remover.
 * @throws what the driver refuses with, unless `force`; the device is then live as before
 */
export async function takeApart(core: Core, device: Device, options: { readonly force: boolean }): Promise<void> {
  device.state = 'removing';
  const { identity, parent } = device;
  try {
    const idle = (): boolean => device.opens === 0 && device.writes === 0;
    if (!idle()) await when(core, device, idle);
    await parent.ops.remove(identity, options);
  } catch (error) {
    if (!options.force || core.power.aborted) {
      device.state = 'live';
      changed(device);
      throw error;
    }
    core.report({ kind: 'refusal-ignored', parent: identity.parent, uuid: identity.uuid, error });
  }
  await unprobeDevice(core, device);
  device.type.instances--;
  removeBareDevice(core, device);
}
