import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import type { RealCluster } from './real-cluster.ts';

/** Who makes devices Ready on a cluster of its own: the operator, or a client that only writes what has to be written. */
export interface Side extends AsyncDisposable {
  /** Applies devices with these numbers, from `from` to before `to`, until all are Ready, as a watch says. */
  publish(from: number, to: number): Promise<Cost>;
  /** Applies one device of this number while nothing else goes on, until it is Ready, as a watch says; in ms. It is taken away again. */
  ready(number: number): Promise<number>;
}

/** What publishing has cost, in seconds. */
export interface Cost {
  readonly elapsed: number;
  /** CPU time of everybody: API server, etcd, those who watch and those who write. */
  readonly cpu: number;
}

/** What `act` costs on `cluster`. */
export async function costOf(cluster: RealCluster, act: () => Promise<void>): Promise<Cost> {
  const cpu = await cluster.cpuSeconds();
  const begin = performance.now();
  await act();
  const elapsed = (performance.now() - begin) / 1000;
  return { elapsed, cpu: (await cluster.cpuSeconds()) - cpu };
}

export const namespace = 'default';
/** After a device has gone its parent is still written; ms. */
export const settles = 700;
/** How many devices are applied at a time. */
export const lanes = 16;

export function deviceName(number: number): string {
  return `device-${String(number).padStart(6, '0')}`;
}

/** What a user does. */
export function createDevice(client: KubeClient, number: number, spec: object, signal: AbortSignal): Promise<KubeObject> {
  const body = { metadata: { name: deviceName(number) }, spec: { type: { id: 'mtty-1' }, ...spec } };
  return client.create(deviceResource, body, { namespace, fieldManager: 'kubectl' }, signal);
}
