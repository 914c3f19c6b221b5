import { z } from 'zod';
import { objectMetaSchema } from '../api/object-meta.ts';
import type { Clock } from '../lib/clock.ts';
import { isAborted, pause } from './abort.ts';
import { isConflict } from './api-error.ts';
import type { KubeClient } from './client.ts';
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
}

/** Somebody else keeps the Lease now. */
export class LeaseTaken extends Error {}

/**
 * Says "still alive" through a Lease until `signal` is aborted. The first beat takes the Lease, whoever has it; the others only renew it.
 * Failures are logged and tried again at the next beat.
 * @throws LeaseTaken when somebody with another field manager has taken it since
 */
export async function heartbeat(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log, lease, identity, fieldManager, interval, durationSeconds } = options;
  let force = true;
  do {
    const spec = { holderIdentity: identity, leaseDurationSeconds: durationSeconds, renewTime: toMicroTime(clock.now()) };
    try {
      await client.apply(leaseResource, lease, { spec }, { fieldManager, force }, signal);
      force = false;
    } catch (error) {
      if (isConflict(error)) throw new LeaseTaken(`Lease ${lease.name} was taken over by somebody else`, { cause: error });
      if (!isAborted(signal)) log.warn({ err: error, lease: lease.name }, 'cannot renew a lease');
    }
  } while (await pause(clock, interval, signal));
}
