import { z } from 'zod';
import { objectMetaSchema } from '../api/object-meta.ts';
import type { Clock } from '../lib/clock.ts';
import { isAborted, pause } from './abort.ts';
import { isConflict } from './api-error.ts';
import type { KubeClient, KubeObject } from './client.ts';
import type { Log } from './log.ts';
import { leaseResource, type ObjectKey } from './resource.ts';

const microTime = z.string();

/** What this project reads of a coordination.k8s.io/v1 Lease. */
export const leaseSchema = z.object({
  metadata: objectMetaSchema,
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.int().nullish(),
      acquireTime: microTime.nullish(),
      renewTime: microTime.nullish(),
      leaseTransitions: z.int().nullish(),
    })
    .default({}),
});

export type Lease = z.infer<typeof leaseSchema>;

/** A MicroTime as Kubernetes writes and demands it: exactly six digits of a second. */
export function toMicroTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}

export interface HeartbeatOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly lease: ObjectKey;
  readonly identity: string;
  readonly fieldManager: string;
  /** How often the Lease is renewed, ms. */
  readonly interval: number;
  /** After this time without a renewal others may take the holder for dead, seconds. */
  readonly durationSeconds: number;
  /** Labels and owners of the Lease, for each beat; `last` is what the server answered to the one before. */
  readonly metadata?: (last: KubeObject | undefined, signal: AbortSignal) => Promise<LeaseMetadata>;
}

export interface LeaseMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly object[];
}

/** Somebody else keeps the Lease now. */
export class LeaseTaken extends Error {}

/**
 * Says "still alive" through a Lease until `signal` is aborted. The first beat takes the Lease, whoever has it; the others only renew it.
 * Failures are logged and tried again at the next beat; one that has no answer by then is given up, for its sender lives.
 * @throws LeaseTaken when somebody with another field manager has taken it since
 */
export async function heartbeat(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log, lease, identity, fieldManager, interval, durationSeconds } = options;
  let force = true;
  let last: KubeObject | undefined;
  const beat = async (stop: AbortSignal): Promise<void> => {
    const metadata = await options.metadata?.(last, stop);
    const spec = { holderIdentity: identity, leaseDurationSeconds: durationSeconds, renewTime: toMicroTime(clock.now()) };
    const body = metadata === undefined ? { spec } : { metadata, spec };
    last = await client.apply(leaseResource, lease, body, { fieldManager, force }, stop);
    force = false;
  };
  do {
    const late = new AbortController();
    const cancel = clock.setTimeout(() => late.abort(new Error(`Cannot renew a lease: no answer within ${interval / 1000} s`)), interval);
    try {
      await beat(AbortSignal.any([signal, late.signal]));
    } catch (error) {
      if (isConflict(error)) throw new LeaseTaken(`Lease ${lease.name} was taken over by somebody else`, { cause: error });
      if (!isAborted(signal)) log.warn({ err: error, lease: lease.name }, 'cannot renew a lease');
    } finally {
      cancel();
    }
  } while (await pause(clock, interval, signal));
}

/** Where the Leases of nodes are: the kubelets' and the agents'. */
export const nodeLeaseNamespace = 'kube-node-lease';
const agentLeasePrefix = 'mdev-';

/** The Lease by which the agent of a node says that it lives. */
export function agentLeaseKey(nodeName: string): ObjectKey & { readonly namespace: string } {
  return { namespace: nodeLeaseNamespace, name: `${agentLeasePrefix}${nodeName}` };
}

/** The node whose agent's Lease has this key; undefined if it is no agent's. */
export function nodeOfAgentLease(key: string): string | undefined {
  const prefix = `${nodeLeaseNamespace}/${agentLeasePrefix}`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}
