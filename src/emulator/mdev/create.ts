import { randomUUID } from 'node:crypto';
import { ErrnoError } from '../../lib/errno.ts';
import { probeDevice } from './probe.ts';
import type { Core, Device, Parent, ParentType } from './state.ts';
import { changed, emitDevice, findParent } from './state.ts';
import { UndoStack } from './undo.ts';
import { parseUUIDText } from './uuid-text.ts';

/** What `create` of a type does with the text written to it. See MdevBus.create for the contract. */
export async function createDevice(core: Core, parentName: string, typeID: string, text: string, params?: string): Promise<string> {
  const parent = findParent(core, parentName);
  const type = parent.types.get(typeID);
  if (type === undefined) throw new ErrnoError('ENOENT', `parent ${parentName} has no type ${typeID}`);
  const uuid = parseUUIDText(text);
  const existing = core.devices.get(uuid);
  if (existing !== undefined) {
    throw new ErrnoError('EEXIST', `mdev ${uuid} exists on parent ${existing.identity.parent} and is ${existing.state}`);
  }
  if (parent.leaving) throw new ErrnoError('ENODEV', `parent ${parentName} is being unregistered`);

  const undo = new UndoStack();
  try {
    const device = addDevice(core, parent, type, uuid, params);
    undo.push('remove the bare device', () => removeBareDevice(core, device));
    await parent.ops.create(device.identity);
    undo.push("driver's remove", () => parent.ops.remove(device.identity, { force: true }));
    type.instances++;
    undo.push('unlink from the type', () => {
      type.instances--;
    });
    await probeDevice(core, device);
    device.state = 'live';
    changed(device);
    return uuid;
  } catch (error) {
    await undo.unwind((step, error) => core.report({ kind: 'driver-error', uuid, step, error }));
    throw error;
  }
}

/** The device as the kernel first shows it: named and announced by `add`, with neither driver, link nor group. */
function addDevice(core: Core, parent: Parent, type: ParentType, uuid: string, params: string | undefined): Device {
  const device: Device = {
    identity: Object.freeze({ uuid, parent: parent.name, typeID: type.init.id, params }),
    parent,
    type,
    state: 'creating',
    online: false,
    busDriver: undefined,
    group: undefined,
    peerUUID: type.init.requiresGroup === true ? randomUUID() : undefined,
    opens: 0,
    committed: false,
    writes: 0,
    turn: undefined,
    waiters: undefined,
    place: -1,
  };
  core.devices.add(device);
  parent.devices.add(device);
  emitDevice(core, device, 'add');
  return device;
}

/** Undoes `addDevice`; the UUID is free again. */
export function removeBareDevice(core: Core, device: Device): void {
  core.devices.delete(device.identity.uuid);
  device.parent.devices.remove(device);
  emitDevice(core, device, 'remove');
  changed(device);
}
