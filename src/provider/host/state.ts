import type { EmulatedHost } from '../../emulator/host.ts';
import type { DeviceSnapshot } from '../../emulator/mdev/snapshot.ts';
import { readableAttributes } from '../../emulator/readable-attributes.ts';
import type { HostDevice, HostParent, HostState } from './contract.ts';

/** The whole host as of now, read in one go. */
export function hostState(host: EmulatedHost): HostState {
  return {
    bootID: host.bootID,
    parents: host
      .parentNames()
      .sort()
      .map((name) => toHostParent(host, name)),
    devices: host.bus
      .devices()
      .map((device) => toHostDevice(host, device))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    faults: host.faults(),
    hanging: host.hanging,
  };
}

function toHostParent(host: EmulatedHost, name: string): HostParent {
  const parent = host.bus.parent(name);
  if (parent === undefined) return { name, state: 'unloaded', types: [] };
  return {
    name,
    state: parent.state,
    types: parent.types.map(({ id, availableInstances, instances }) => ({ id, availableInstances, instances })),
  };
}

function toHostDevice(host: EmulatedHost, device: DeviceSnapshot): HostDevice {
  return {
    id: device.uuid,
    parent: device.parent,
    typeID: device.typeID,
    state: device.state,
    ...(device.params !== undefined && { params: device.params }),
    ...(device.online !== undefined && { online: device.online }),
    ...(device.group !== undefined && { group: device.group }),
    users: device.users.map(({ pid, comm }) => ({ pid, comm })),
    claimed: device.claimed,
    attributes: device.state === 'live' ? readableAttributes(host.bus, device.uuid) : [],
  };
}
