import { agentLeaseLabel } from '../api/group.ts';
import { isAborted } from '../kube/abort.ts';
import type { Log } from '../kube/log.ts';
import { isAlreadyExists } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { agentLeaseKey, heartbeat, nodeLeaseNamespace } from '../kube/lease.ts';
import { namespaceResource, nodeResource } from '../kube/resource.ts';
import type { Clock } from '../lib/clock.ts';

export interface NodeIdentity {
  readonly name: string;
  readonly uid: string;
}

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
  /** After this time without a renewal the node is lost, seconds. It is renewed three times in it. */
  readonly durationSeconds: number;
  /** As `agentIdentity` gives it. */
  readonly identity: string;
  /** The Node object, as it was at the start. */
  readonly node: NodeIdentity;
  /** Reads the Node object anew. */
  readonly findNode: (signal: AbortSignal) => Promise<NodeIdentity>;
}

/**
 * Renews Lease kube-node-lease/mdev-NODE, three times in its duration, until `signal` is aborted: by it the controller knows
 * that the agent lives. It is nearly all that an idle agent asks of the API server. The Lease belongs to the Node object and goes with
 * it. A Lease that was made anew by a renewal had gone, so the Node is read again: it may be another of the same name, or none.
 * @throws LeaseTaken when another agent has become this node's
 */
export async function keepNodeLease(options: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log, nodeName, identity, durationSeconds, findNode } = options;
  let owner: NodeIdentity | undefined = options.node;
  let uid: string | undefined;
  const readOwner = async (stop: AbortSignal): Promise<NodeIdentity | undefined> => {
    try {
      return await findNode(stop);
    } catch (error) {
      if (isAborted(stop)) throw error;
      log.warn({ err: error }, 'the lease of this node belongs to no Node object');
      return undefined;
    }
  };
  await heartbeat(
    {
      client,
      clock,
      log,
      lease: agentLeaseKey(nodeName),
      identity,
      // One of its own: so the server tells, without a further request, that another agent has written.
      fieldManager: `${fieldManager}-${identity.slice(-12)}`,
      interval: (durationSeconds * 1000 * 3) / 10,
      durationSeconds,
      metadata: async (last, stop) => {
        const madeAnew = uid !== undefined && last?.metadata.uid !== uid;
        uid = last?.metadata.uid;
        if (owner === undefined || madeAnew) owner = await readOwner(stop);
        return {
          labels: { [agentLeaseLabel.name]: agentLeaseLabel.value },
          ownerReferences: owner === undefined ? [] : [{ apiVersion: 'v1', kind: 'Node', name: owner.name, uid: owner.uid }],
        };
      },
    },
    signal,
  );
}

/** Makes the namespace of node Leases, where there is no cluster that has it. */
export async function ensureLeaseNamespace(client: KubeClient, signal: AbortSignal): Promise<void> {
  if ((await client.get(namespaceResource, { name: nodeLeaseNamespace }, signal)) !== undefined) return;
  try {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: nodeLeaseNamespace } };
    await client.create(namespaceResource, object, { fieldManager }, signal);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
