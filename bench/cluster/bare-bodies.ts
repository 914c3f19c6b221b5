/** What controller and agent write, with their words and lengths, for a client that decides nothing. */
import { deviceFinalizer } from '../../src/api/group.ts';

export const finalizer = deviceFinalizer;

function condition(type: string, status: string, reason: string, message: string): object {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 };
}

export function controllerStatus(nodeName: string): object {
  const parentName = `${nodeName}-mtty-0-12345678`;
  return {
    allocation: { nodeName, parentName, typeID: 'mtty-1' },
    conditions: [condition('Allocated', 'True', 'Allocated', `Placed on ${parentName} of node ${nodeName}.`)],
  };
}

export function agentStatus(number: number): object {
  const uuid = `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
  return {
    uuid,
    deviceAPI: 'vfio-pci',
    vfio: { group: number % 100, bootID: 'b7f2f2c9-5d5c-4f5c-9d53-1d3c5d3f7a11' },
    conditions: [
      condition('Created', 'True', 'Created', `mdev ${uuid} of type mtty-1 on mtty-0 exists.`),
      condition('Online', 'True', 'Implicit', 'The driver commits resources when the device is opened.'),
      condition('InUse', 'False', 'NotInUse', 'Nobody has it open.'),
      condition('Ready', 'True', 'Ready', 'The device exists as specified and can be used.'),
    ],
  };
}
