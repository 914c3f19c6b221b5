/** The files of a device and of a parent: `online`, peer_to_peer_resource_uuid and the vendor attributes. */
import { ErrnoError } from '../../lib/errno.ts';
import type { Attribute } from './driver.ts';
import { refuseBusy } from './groups.ts';
import type { Core, Device } from './state.ts';
import { emitDevice, findFiles, findParent, inTurn, writing } from './state.ts';
import { parseUUIDText } from './uuid-text.ts';

/** Makes devices that share it share an IOMMU group. */
const peerAttribute = 'peer_to_peer_resource_uuid';
const pageSize = 4096;

/** See MdevBus.setOnline for the contract. */
export async function setOnline(core: Core, uuid: string, text: string): Promise<void> {
  const device = findFiles(core, uuid);
  const { setOnline: operation } = device.parent.ops;
  if (operation === undefined) throw new ErrnoError('EOPNOTSUPP', `the driver of ${device.identity.parent} has no online operation`);
  const match = /^([01])\n?$/.exec(text);
  if (match === null) throw new ErrnoError('EINVAL', `online takes 0 or 1, not ${JSON.stringify(text.slice(0, 64))}`);
  const online = match[1] === '1';
  await writing(device, () =>
    inTurn(device, async () => {
      if (device.online === online) return;
      if (!online && device.opens > 0 && device.group !== undefined) refuseBusy(device.group);
      await operation(device.identity, online);
      device.online = online;
      emitDevice(core, device, online ? 'online' : 'offline');
    }),
  );
}

export function attributeNames(core: Core, uuid: string): string[] {
  return deviceAttributes(core, findFiles(core, uuid)).map(({ name }) => name);
}

export function readAttribute(core: Core, uuid: string, name: string): string {
  return read(find(deviceAttributes(core, findFiles(core, uuid)), name, `mdev ${uuid}`), `mdev ${uuid}`);
}

export async function writeAttribute(core: Core, uuid: string, name: string, text: string): Promise<void> {
  const device = findFiles(core, uuid);
  const attribute = find(deviceAttributes(core, device), name, `mdev ${uuid}`);
  await writing(device, () => write(attribute, text, `mdev ${uuid}`));
}

export function readParentAttribute(core: Core, parentName: string, name: string): string {
  const parent = findParent(core, parentName);
  return read(find(parent.ops.attributes ?? [], name, `parent ${parentName}`), `parent ${parentName}`);
}

export async function writeParentAttribute(core: Core, parentName: string, name: string, text: string): Promise<void> {
  const parent = findParent(core, parentName);
  await write(find(parent.ops.attributes ?? [], name, `parent ${parentName}`), text, `parent ${parentName}`);
}

function deviceAttributes(core: Core, device: Device): readonly Attribute[] {
  const vendor = device.parent.ops.deviceAttributes?.(device.identity) ?? [];
  if (device.peerUUID === undefined) return vendor;
  const peer: Attribute = {
    name: peerAttribute,
    read: () => device.peerUUID ?? '',
    write: (text) => {
      regroup(core, device, parseUUIDText(text));
    },
  };
  return [...vendor, peer];
}

/** Moves the device to the group of `peerUUID`. @throws ErrnoError EBUSY while a member of the old or the new group is open */
function regroup(core: Core, device: Device, peerUUID: string): void {
  if (device.peerUUID === peerUUID) return;
  const { group } = device;
  const target = core.groups.ofPeer(peerUUID);
  if (group !== undefined) refuseBusy(group);
  if (target !== undefined) refuseBusy(target);
  device.peerUUID = peerUUID;
  if (group !== undefined) {
    device.group = core.groups.attach(peerUUID);
    core.groups.detach(group);
  }
  emitDevice(core, device, 'change');
}

function find(attributes: readonly Attribute[], name: string, owner: string): Attribute {
  const attribute = attributes.find((candidate) => candidate.name === name);
  if (attribute === undefined) throw new ErrnoError('ENOENT', `${owner} has no attribute ${name}`);
  return attribute;
}

function read(attribute: Attribute, owner: string): string {
  if (attribute.read === undefined) throw new ErrnoError('EACCES', `attribute ${attribute.name} of ${owner} cannot be read`);
  const text = attribute.read();
  // A page holds the text and its newline; sysfs cuts what is longer.
  return Buffer.byteLength(text) < pageSize ? text : Buffer.from(text).toString('utf8', 0, pageSize - 1);
}

async function write(attribute: Attribute, text: string, owner: string): Promise<void> {
  if (attribute.write === undefined) throw new ErrnoError('EACCES', `attribute ${attribute.name} of ${owner} cannot be written`);
  if (Buffer.byteLength(text) > pageSize) {
    throw new ErrnoError('E2BIG', `attribute ${attribute.name} of ${owner} takes at most ${pageSize} bytes in one write`);
  }
  await attribute.write(text);
}
