import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAborted, pause } from '../kube/abort.ts';
import type { KubeClient } from '../kube/client.ts';
import { leaseSchema, type Lease } from '../kube/lease.ts';
import type { Log } from '../kube/log.ts';
import { leaseResource, type ObjectKey } from '../kube/resource.ts';
import type { Clock } from '../lib/clock.ts';
import { replaceFile } from '../lib/durable-file.ts';
import { errnoOf } from '../lib/errno.ts';

/**
 * The name of the agent of this data directory, the same after every restart: what its ownership records are to the devices, this is to
 * the Lease of the node.
 */
export async function agentIdentity(dataDir: string, nodeName: string): Promise<string> {
  const path = join(dataDir, 'agent-id');
  let id: string;
  try {
    id = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    id = randomUUID();
    await replaceFile(path, `${id}\n`, { mode: 0o600, durable: true });
  }
  return `${nodeName}_${id}`;
}

export interface SoleAgentOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly lease: ObjectKey;
  /** As `agentIdentity` gives it. */
  readonly identity: string;
  readonly nodeName: string;
  /** After this time without a renewal another agent is taken for dead, seconds. */
  readonly durationSeconds: number;
}

/** Whether the Lease is one to take at once: nobody's, our own, or that of an agent from before agents had names of their own. */
function isFree(lease: Lease | undefined, { identity, nodeName }: SoleAgentOptions): boolean {
  return ['', identity, nodeName].includes(lease?.spec.holderIdentity ?? '');
}

/**
 * Waits until no other agent keeps the Lease of this node: one with another data directory would take this one's devices for foreign
 * ones, and each would undo what the other reports.
 * @throws Error when another agent is alive
 */
export async function becomeSoleAgent(options: SoleAgentOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log, lease: key, durationSeconds, nodeName } = options;
  let seen: { readonly renewed: string; readonly at: number } | undefined;
  do {
    try {
      const object = await client.get(leaseResource, key, signal);
      const lease = object === undefined ? undefined : leaseSchema.parse(object);
      if (lease === undefined || isFree(lease, options)) return;
      const renewed = lease.spec.renewTime ?? '';
      if (seen === undefined) log.warn({ holder: lease.spec.holderIdentity }, 'another agent has the lease of this node; is it alive?');
      seen ??= { renewed, at: clock.monotonic() };
      if (renewed !== seen.renewed) throw new AnotherAgent(nodeName, lease.spec.holderIdentity ?? '');
      if (clock.monotonic() - seen.at >= durationSeconds * 1000) return;
    } catch (error) {
      if (error instanceof AnotherAgent || isAborted(signal)) throw error;
      log.warn({ err: error }, 'cannot read the lease of this node, trying again');
    }
  } while (await pause(clock, (durationSeconds * 1000) / 10, signal));
  signal.throwIfAborted();
}

class AnotherAgent extends Error {
  constructor(nodeName: string, holder: string) {
    super(
      `Cannot start: another agent (${holder}) runs for node ${nodeName}, with another data directory. Stop one of the two, or give this one the --node-name of its own node.`,
    );
  }
}
