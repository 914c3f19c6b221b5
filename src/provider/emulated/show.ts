import type { DeviceSnapshot, ParentSnapshot, TypeSnapshot } from '../../emulator/mdev/snapshot.ts';
import type { Device, Feature, Parent, ParentType } from '../contract.ts';

/** What the emulated kernel shows, in the words of the contract. */

/** @param socketPath where programs connect to the device, if they can */
export function toDevice(device: DeviceSnapshot, socketPath?: string): Device {
  return {
    id: device.uuid,
    parent: device.parent,
    typeID: device.typeID,
    state: device.state,
    deviceAPI: device.deviceAPI,
    ...(device.online === undefined ? {} : { online: device.online }),
    ...(device.group === undefined ? {} : { group: device.group }),
    ...(socketPath === undefined ? {} : { socketPath }),
  };
}

export function toParent(parent: ParentSnapshot): Parent {
  return {
    name: parent.name,
    driver: parent.driver,
    ...(parent.vendorID === undefined ? {} : { vendorID: parent.vendorID.toLowerCase() }),
    ...(parent.deviceID === undefined ? {} : { deviceID: parent.deviceID.toLowerCase() }),
    ...(parent.numaNode === undefined ? {} : { numaNode: parent.numaNode }),
    sharing: parent.sharing,
    features: toFeatures(parent.features),
    leaving: parent.state === 'leaving',
    types: parent.types.map(toParentType),
  };
}

function toParentType(type: TypeSnapshot): ParentType {
  return {
    id: type.id,
    name: type.name,
    ...(type.description === undefined ? {} : { description: type.description }),
    deviceAPI: type.deviceAPI,
    ...(type.maxInstances === undefined ? {} : { maxInstances: type.maxInstances }),
    availableInstances: type.availableInstances,
    instances: type.instances,
    attributes: Object.entries(type.attributes).map(([name, value]) => ({ name, value })),
    ...(type.reason === undefined ? {} : { reason: type.reason }),
  };
}

/** Attributes are a matter of the device: every parent may have some, and a device without answers ENOENT. */
function toFeatures(features: ParentSnapshot['features']): Feature[] {
  const all: [boolean, Feature][] = [
    [features.online, 'Online'],
    [features.group, 'Groups'],
    [features.params, 'Params'],
    [true, 'Attributes'],
  ];
  return all.filter(([has]) => has).map(([, feature]) => feature);
}
