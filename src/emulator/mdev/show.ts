import type { Availability } from './driver.ts';
import { waitedFor } from './register.ts';
import type { DeviceSnapshot, ParentSnapshot, TypeSnapshot } from './snapshot.ts';
import type { Device, Parent, ParentType } from './state.ts';
import { usersOf } from './state.ts';

export function showDevice(device: Device): DeviceSnapshot {
  const { identity, parent, type, group } = device;
  return {
    ...identity,
    deviceAPI: type.init.deviceAPI,
    state: device.state,
    online: parent.ops.setOnline === undefined ? undefined : device.online,
    group: group?.number,
    busDriver: device.busDriver?.name,
    users: usersOf(device),
    claimed: group?.claimed ?? false,
  };
}

export function showParent(parent: Parent): ParentSnapshot {
  const { ops } = parent;
  return {
    name: parent.name,
    driver: parent.driver,
    vendorID: parent.vendorID,
    deviceID: parent.deviceID,
    numaNode: parent.numaNode,
    state: parent.leaving ? 'leaving' : 'live',
    sharing: ops.sharing,
    removeWhileOpen: ops.removeWhileOpen,
    features: {
      online: ops.setOnline !== undefined,
      group: ops.types.some(({ requiresGroup }) => requiresGroup === true),
      params: ops.takesParams,
    },
    types: [...parent.types.values()].map((type) => showType(parent, type)),
    devices: [...parent.devices].map(({ identity }) => identity.uuid),
    waitingFor: waitedFor(parent),
  };
}

function showType(parent: Parent, type: ParentType): TypeSnapshot {
  const { init } = type;
  const { count, reason }: Availability = parent.leaving
    ? { count: 0, reason: 'the parent is being unregistered by its driver' }
    : parent.ops.available(init.id);
  return {
    id: init.id,
    name: init.name,
    description: init.description,
    deviceAPI: init.deviceAPI,
    requiresGroup: init.requiresGroup ?? false,
    maxInstances: init.maxInstances,
    availableInstances: count,
    reason: count === 0 ? (reason ?? 'the driver gives no reason') : undefined,
    instances: type.instances,
    attributes: init.attributes ?? {},
  };
}
