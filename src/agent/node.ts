import type { Log } from '../kube/log.ts';
import { isAlreadyExists } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { heartbeat } from '../kube/lease.ts';
import { namespaceResource, nodeResource, type ObjectKey } from '../kube/resource.ts';
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
  /** As `agentIdentity` gives it. */
  readonly identity: string;
}

/** The Lease by which the agent of a node says that it lives. */
export function nodeLeaseKey(nodeName: string): ObjectKey {
  return { namespace: leaseNamespace, name: `mdev-${nodeName}` };
}

/** After this time without a renewal an agent is taken for dead, seconds. */
export const nodeLeaseSeconds = 40;

/**
 * Renews Lease kube-node-lease/mdev-NODE every 10 s until `signal` is aborted: by it the controller knows that the agent lives.
 * @throws LeaseTaken when another agent has become this node's
 */
export async function keepNodeLease({ client, clock, log, nodeName, identity }: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const lease = nodeLeaseKey(nodeName);
  // A field manager of its own: so the server tells, without a further request, that another agent has written.
  const manager = `${fieldManager}-${identity.slice(-12)}`;
  const common = { client, clock, log, lease, identity, fieldManager: manager };
  await heartbeat({ ...common, interval: 10_000, durationSeconds: nodeLeaseSeconds }, signal);
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
