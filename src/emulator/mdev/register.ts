import { ErrnoError } from '../../lib/errno.ts';
import { DeviceList } from './device-list.ts';
import type { Attribute, ParentInit, ParentOps, TypeInit } from './driver.ts';
import { takeApart } from './remove.ts';
import type { WaitedFor } from './snapshot.ts';
import type { Core, Device, Parent } from './state.ts';
import { findParent, reporting, usersOf, when } from './state.ts';

/** A sysfs file shows a page: the text and its newline must fit. */
const pageSize = 4096;

/** Checks all of a registration before any of it shows, so that a refused one leaves nothing. */
export function registerParent(core: Core, init: ParentInit): void {
  const { name, ops } = init;
  const given: Partial<ParentOps> = ops;
  if (typeof given.create !== 'function' || typeof given.remove !== 'function') {
    throw new ErrnoError('EINVAL', `the driver of parent ${name} lacks create or remove`);
  }
  if (core.parents.has(name)) throw new ErrnoError('EEXIST', `parent ${name} is registered`);
  const parent: Parent = {
    name,
    driver: init.driver,
    subsystem: init.subsystem ?? 'pci',
    vendorID: init.vendorID,
    deviceID: init.deviceID,
    numaNode: init.numaNode,
    ops,
    types: new Map(),
    devices: new DeviceList(),
    leaving: false,
  };
  for (const type of ops.types) addType(parent, type);
  checkAttributes(parent, ops.attributes ?? []);
  core.parents.set(name, parent);
  emitParent(core, parent, 'registered');
}

/** See MdevBus.unregisterParent for the contract. */
export async function unregisterParent(core: Core, name: string): Promise<void> {
  const parent = findParent(core, name);
  if (parent.leaving) throw new ErrnoError('ENODEV', `parent ${name} is being unregistered already`);
  parent.leaving = true;
  try {
    const wait = Promise.all([...parent.devices].map((device) => removeByForce(core, device))).then(() => undefined);
    await reporting(core, wait, (milliseconds) =>
      core.report({ kind: 'parent-waits', parent: name, milliseconds, devices: waitedFor(parent) }),
    );
  } catch (error) {
    parent.leaving = false;
    throw error;
  }
  core.parents.delete(name);
  emitParent(core, parent, 'unregistered');
}

/** What a leaving parent still waits for. */
export function waitedFor(parent: Parent): WaitedFor[] {
  if (!parent.leaving) return [];
  return [...parent.devices].map((device) => ({ uuid: device.identity.uuid, state: device.state, users: usersOf(device) }));
}

/** Sees to it that the device goes: by a removal that is under way, else by one of our own. */
async function removeByForce(core: Core, device: Device): Promise<void> {
  while (device.parent.devices.has(device)) {
    if (device.state === 'live') await takeApart(core, device, { force: true });
    // A creation that succeeds, and a removal that is refused, leave a live device; the others leave none.
    else await when(core, device, () => device.state === 'live' || !device.parent.devices.has(device));
  }
}

function addType(parent: Parent, type: TypeInit): void {
  if (parent.types.has(type.id)) throw new ErrnoError('EEXIST', `parent ${parent.name} has two types ${type.id}`);
  for (const [file, text] of Object.entries({ name: type.name, description: type.description ?? '', ...type.attributes })) {
    if (Buffer.byteLength(text) >= pageSize) {
      throw new ErrnoError(
        'EINVAL',
        `${file} of type ${type.id} of parent ${parent.name} does not fit a page of ${pageSize} bytes with its newline`,
      );
    }
  }
  parent.types.set(type.id, { init: type, instances: 0 });
}

function checkAttributes(parent: Parent, attributes: readonly Attribute[]): void {
  const names = new Set<string>();
  for (const { name } of attributes) {
    if (names.has(name)) throw new ErrnoError('EEXIST', `parent ${parent.name} has two attributes ${name}`);
    names.add(name);
  }
}

function emitParent(core: Core, parent: Parent, state: 'registered' | 'unregistered'): void {
  const { name, subsystem } = parent;
  core.uevents.emit({ action: 'change', subsystem, devpath: `/devices/emulated/${name}`, parent: name, env: { MDEV_STATE: state } });
}
