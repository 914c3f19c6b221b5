import type { Log } from '../kube/log.ts';
import { isAlreadyExists } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { heartbeat } from '../kube/lease.ts';
import { namespaceResource, nodeResource } from '../kube/resource.ts';
import type { Clock } from '../lib/clock.ts';

export interface NodeIdentity {
  readonly name: string;
  readonly uid: string;
}

const leaseNamespace = 'kube-node-lease';
export const fieldManager = 'mdev-agent';

/**
 * The Node object of this node; made if it is missing and `register` is true.
 * @throws Error when there is none, ApiError or ConnectionError when it cannot be read or made
 */
export async function findNode(client: KubeClient, name: string, register: boolean, signal: AbortSignal): Promise<NodeIdentity> {
  let node = await client.get(nodeResource, { name }, signal);
  if (node === undefined && register) {
    const object = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name } } };
    try {
      node = await client.create(nodeResource, object, { fieldManager }, signal);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      node = await client.get(nodeResource, { name }, signal);
    }
  }
  const uid = node?.metadata.uid;
  if (uid === undefined) throw new Error(`Cannot find Node ${name}: give the agent the name under which its node is registered`);
  return { name, uid };
}

/**
 * The UID of namespace kube-system, which stands for the cluster.
 * @throws Error when the namespace is not there yet
 */
export async function findClusterUID(client: KubeClient, signal: AbortSignal): Promise<string> {
  const namespace = await client.get(namespaceResource, { name: 'kube-system' }, signal);
  const uid = namespace?.metadata.uid;
  if (uid === undefined) throw new Error('Cannot find namespace kube-system, whose UID stands for the cluster');
  return uid;
}

export interface NodeLeaseOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
}

/**
 * Renews Lease kube-node-lease/mdev-NODE every 12 s, three times in its duration, until `signal` is aborted: by it the controller
 * knows that the agent lives. It is nearly all that an idle agent asks of the API server.
 */
export async function keepNodeLease({ client, clock, log, nodeName }: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  await heartbeat(
    {
      client,
      clock,
      log,
      lease: { namespace: leaseNamespace, name: `mdev-${nodeName}` },
      identity: nodeName,
      fieldManager,
      interval: 12_000,
      durationSeconds: 40,
    },
    signal,
  );
}

/** Makes the namespace of node Leases, where there is no cluster that has it. */
export async function ensureLeaseNamespace(client: KubeClient, signal: AbortSignal): Promise<void> {
  if ((await client.get(namespaceResource, { name: leaseNamespace }, signal)) !== undefined) return;
  try {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: leaseNamespace } };
    await client.create(namespaceResource, object, { fieldManager }, signal);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
