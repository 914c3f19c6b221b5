import { randomUUID } from 'node:crypto';
import type { MdevBus } from '../../emulator/mdev/bus.ts';
import type { DeviceSnapshot } from '../../emulator/mdev/snapshot.ts';
import { ErrnoError } from '../../lib/errno.ts';
import { ProviderError } from '../contract.ts';

/** The attribute by which devices of some types are put into one IOMMU group. */
const peerAttribute = 'peer_to_peer_resource_uuid';

/** The devices that share the IOMMU group of `device`, itself among them. */
export function groupMembers(bus: MdevBus, device: DeviceSnapshot): DeviceSnapshot[] {
  if (device.group === undefined || bus.parent(device.parent)?.features.group !== true) return [device];
  return bus.devices().filter(({ group }) => group === device.group);
}

/**
 * Gives the devices one peer_to_peer_resource_uuid that no other has. Nothing is written if they are one group already. When
 * a write is refused those before it are taken back.
 * @throws ProviderError EOPNOTSUPP, EBUSY or ENODEV at step `group`, nothing changed
 */
export async function groupDevices(bus: MdevBus, ids: readonly string[]): Promise<void> {
  const devices = [...new Set(ids)].map((id) => groupable(bus, id));
  const [first] = devices;
  if (first === undefined || isOneGroup(bus, first, devices)) return;
  refuseOpen(bus, devices);
  const peer = randomUUID();
  const written: { uuid: string; before: string }[] = [];
  try {
    for (const { uuid } of devices) {
      const before = bus.readAttribute(uuid, peerAttribute);
      await bus.writeAttribute(uuid, peerAttribute, peer);
      written.push({ uuid, before });
    }
  } catch (error) {
    for (const { uuid, before } of written.reverse()) await undoWrite(bus, uuid, before);
    throw error;
  }
}

function groupable(bus: MdevBus, id: string): DeviceSnapshot {
  const device = bus.device(id);
  if (device?.state !== 'live') throw new ProviderError('ENODEV', 'group', `There is no usable mdev ${id}`);
  if (!bus.attributeNames(id).includes(peerAttribute))
    throw new ProviderError('EOPNOTSUPP', 'group', `Type ${device.typeID} of parent ${device.parent} cannot share an IOMMU group`);
  return device;
}

function isOneGroup(bus: MdevBus, first: DeviceSnapshot, devices: readonly DeviceSnapshot[]): boolean {
  return (
    first.group !== undefined && devices.every(({ group }) => group === first.group) && groupMembers(bus, first).length === devices.length
  );
}

function refuseOpen(bus: MdevBus, devices: readonly DeviceSnapshot[]): void {
  for (const device of devices)
    for (const { uuid, users } of groupMembers(bus, device))
      if (users.length > 0) throw new ProviderError('EBUSY', 'group', `mdev ${uuid} is open by ${users.map(({ pid }) => pid).join(', ')}`);
}

/** A device that went meanwhile has nothing to take back. */
async function undoWrite(bus: MdevBus, uuid: string, peer: string): Promise<void> {
  try {
    await bus.writeAttribute(uuid, peerAttribute, peer);
  } catch (error) {
    if (!(error instanceof ErrnoError && error.code === 'ENOENT')) throw error;
  }
}
