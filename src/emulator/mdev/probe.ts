import { ErrnoError } from '../../lib/errno.ts';
import type { Core, Device } from './state.ts';
import { emitDevice, findFiles, inTurn, writing } from './state.ts';

/**
 * Lets the first bus driver that takes it bind to the device: attach the group, probe, announce `bind`.
 * A probe that fails detaches the group again; the device then stays without group and driver, and exists all the same.
 */
export async function probeDevice(core: Core, device: Device): Promise<void> {
  for (const driver of core.busDrivers.values()) {
    const group = core.groups.attach(device.peerUUID);
    try {
      await driver.probe?.(device.identity);
    } catch (error) {
      core.groups.detach(group);
      core.report({ kind: 'probe-failed', uuid: device.identity.uuid, driver: driver.name, error });
      continue;
    }
    device.group = group;
    device.busDriver = driver;
    emitDevice(core, device, 'bind', { DRIVER: driver.name });
    return;
  }
}

/** Undoes `probeDevice`: the driver's remove, the group, `unbind`. The device must not be open. */
export async function unprobeDevice(core: Core, device: Device): Promise<void> {
  const { busDriver: driver, group } = device;
  if (driver === undefined || group === undefined) return;
  try {
    await driver.remove?.(device.identity);
  } catch (error) {
    core.report({ kind: 'driver-error', uuid: device.identity.uuid, step: `remove of bus driver ${driver.name}`, error });
  }
  device.busDriver = undefined;
  device.group = undefined;
  core.groups.detach(group);
  emitDevice(core, device, 'unbind', { DRIVER: driver.name });
}

/** See MdevBus.bind for the contract. */
export async function bindDevice(core: Core, uuid: string): Promise<void> {
  const device = findFiles(core, uuid);
  await writing(device, () =>
    inTurn(device, async () => {
      if (device.busDriver !== undefined) throw new ErrnoError('EBUSY', `mdev ${uuid} is bound to ${device.busDriver.name}`);
      await probeDevice(core, device);
      if (!isBound(device)) throw new ErrnoError('ENODEV', `no bus driver took mdev ${uuid}`);
    }),
  );
}

/** See MdevBus.unbind for the contract. */
export async function unbindDevice(core: Core, uuid: string): Promise<void> {
  const device = findFiles(core, uuid);
  await writing(device, () =>
    inTurn(device, async () => {
      if (device.group === undefined) throw new ErrnoError('ENODEV', `mdev ${uuid} has no bus driver`);
      const { group } = device;
      // Claimed, so that nobody opens the device while its driver lets go of it.
      core.groups.claim(group);
      await unprobeDevice(core, device);
      core.groups.unclaim(group);
    }),
  );
}

function isBound(device: Device): boolean {
  return device.busDriver !== undefined;
}
