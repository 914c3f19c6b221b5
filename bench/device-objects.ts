import type { KubeClient } from '../src/kube/client.ts';
import { deviceResource } from '../src/kube/resource.ts';

/** Runs `act` for 0 .. count-1, `lanes` at a time. */
export async function inLanes(count: number, lanes: number, act: (index: number) => Promise<void>): Promise<void> {
  const indices = Array.from({ length: count }, (_, index) => index).values();
  const lane = async (): Promise<void> => {
    for (const index of indices) await act(index);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** A status as controller and agent leave it. */
export function readyStatus(index: number): object {
  const condition = (type: string, reason: string): object => ({
    type,
    status: 'True',
    reason,
    message: `A sentence of usual length about device ${index}.`,
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
  });
  return {
    status: {
      uuid: `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
      allocation: { nodeName: 'node-1', parentName: 'node-1-mtty-0-12345678', typeID: 'mtty-1' },
      deviceAPI: 'vfio-pci',
      vfio: { group: index, bootID: 'b7f2f2c9-5d5c-4f5c-9d53-1d3c5d3f7a11' },
      conditions: [
        condition('Allocated', 'Allocated'),
        condition('Created', 'Created'),
        condition('InUse', 'NotInUse'),
        condition('Online', 'Online'),
        condition('Ready', 'Ready'),
      ],
    },
  };
}

/** Creates `count` MdevDevices with the status of a ready one. */
export async function createDevices(client: KubeClient, count: number): Promise<void> {
  const signal = AbortSignal.timeout(300_000);
  await inLanes(count, 16, async (index) => {
    const name = `device-${String(index).padStart(5, '0')}`;
    await client.create(deviceResource, { metadata: { name }, spec: { type: { id: 'mtty-1' } } }, { namespace: 'default' }, signal);
    await client.apply(
      deviceResource,
      { namespace: 'default', name },
      readyStatus(index),
      { fieldManager: 'mdev-agent', force: true, subresource: 'status' },
      signal,
    );
  });
}
