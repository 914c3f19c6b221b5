import { isAborted } from '../kube/abort.ts';
import type { KubeClient } from '../kube/client.ts';
import { agentLeaseKey, leaseSchema, nodeOfAgentLease, type Lease } from '../kube/lease.ts';
import type { Log } from '../kube/log.ts';
import { leaseResource } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Clock } from '../lib/clock.ts';
import { LeaseTable } from './lease-table.ts';
import type { LostNode, LostNodes } from './node-loss.ts';

export interface NodeWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** The Leases of agents. */
  readonly leases: Store<Lease>;
  /** Kept up to date. */
  readonly lostNodes: LostNodes;
  /** Whether anything depends on the node: a parent or a device. */
  readonly concerns: (node: string) => boolean;
  readonly onLost: (node: string, lost: LostNode) => void;
  /** `heard`: the agent has renewed its Lease; else nothing depends on the node any more. */
  readonly onFound: (node: string, heard: boolean) => void;
}

/** A server that does not answer within this time says nothing about agents, ms. */
const patience = 5_000;
const concurrentChecks = 8;

/**
 * Finds out which nodes are lost: nothing was heard of their agents for a whole lease duration of this process's own clock.
 * One timer for all, set to the first deadline. When a node's time is up, its Lease is read once, by name: the watch may be
 * late, this process or the server may have stood still, and the Lease of an older agent has no label to be watched by. Only a
 * prompt answer without news makes the node lost; no answer gives all nodes their whole time again.
 */
export class NodeWatch {
  readonly #options: NodeWatchOptions;
  readonly #table = new LeaseTable();
  readonly #checks: WorkQueue;
  #timer: { readonly due: number; readonly cancel: () => void } | undefined;
  #running = false;
  #losses = 0;

  constructor(options: NodeWatchOptions) {
    this.#options = options;
    const { clock, random, log } = options;
    this.#checks = new WorkQueue({
      clock,
      random,
      concurrency: concurrentChecks,
      onError: (node, err) => log.error({ node, err }, 'cannot judge whether a node is lost, trying again'),
    });
  }

  /** Something on this node exists: its agent matters. Cheap for a node that is followed already. */
  follow(node: string): void {
    const { clock, leases } = this.#options;
    const lease = leases.get(`${agentLeaseKey(node).namespace}/${agentLeaseKey(node).name}`);
    if (this.#table.follow(node, lease?.spec.renewTime ?? undefined, durationOf(lease), clock.monotonic())) this.#arm();
  }

  /** The watch has brought news of a Lease. */
  leaseChanged(key: string): void {
    const lease = this.#options.leases.get(key);
    const node = nodeOfAgentLease(key);
    if (lease !== undefined && node !== undefined) this.#seen(node, lease);
  }

  /** An object is gone: a lost node that nothing depends on any more is no concern. */
  objectGone(): void {
    const { lostNodes, concerns, onFound } = this.#options;
    for (const node of lostNodes.keys()) {
      if (concerns(node)) continue;
      this.#table.forget(node);
      lostNodes.delete(node);
      onFound(node, false);
    }
  }

  /** The watch of Leases has failed, or goes on after a failure. */
  interrupted(): void {
    this.#table.interrupted(this.#options.clock.monotonic());
  }

  /** Judges until `signal` is aborted. Start it when all stores are complete. */
  async run(signal: AbortSignal): Promise<void> {
    this.interrupted();
    this.#running = true;
    this.#arm();
    await this.#checks.run((node, stop) => this.#check(node, stop), signal);
    this.#running = false;
    this.#timer?.cancel();
  }

  #arm(): void {
    const next = this.#running ? this.#table.next() : undefined;
    if (next === undefined || (this.#timer !== undefined && this.#timer.due <= next)) return;
    const { clock } = this.#options;
    this.#timer?.cancel();
    this.#timer = { due: next, cancel: clock.setTimeout(() => this.#sweep(), next - clock.monotonic()) };
  }

  #sweep(): void {
    const { clock, concerns } = this.#options;
    this.#timer = undefined;
    for (const node of this.#table.takeDue(clock.monotonic())) {
      if (concerns(node)) this.#checks.add(node);
      else this.#table.forget(node);
    }
    this.#arm();
  }

  async #check(node: string, signal: AbortSignal): Promise<void> {
    const { clock, lostNodes, onLost } = this.#options;
    if (this.#table.isDue(node, clock.monotonic())) {
      const answer = await this.#ask(node, signal);
      if (isAborted(signal)) return;
      if (answer === 'unanswered') this.interrupted();
      else if (answer !== undefined) this.#seen(node, answer);
    }
    if (this.#table.checked(node, clock.monotonic())) {
      this.#losses += 1;
      const lost = { lastHeard: this.#table.renewal(node)?.replace(/\.\d+Z$/, 'Z'), number: this.#losses };
      lostNodes.set(node, lost);
      onLost(node, lost);
    }
    this.#arm();
  }

  async #ask(node: string, signal: AbortSignal): Promise<Lease | undefined | 'unanswered'> {
    const { client, clock, log } = this.#options;
    const late = new AbortController();
    const cancel = clock.setTimeout(() => late.abort(new Error(`The API server does not answer within ${patience} ms`)), patience);
    try {
      const object = await client.get(leaseResource, agentLeaseKey(node), AbortSignal.any([signal, late.signal]));
      return object === undefined ? undefined : leaseSchema.parse(object);
    } catch (error) {
      if (!isAborted(signal)) log.warn({ node, err: error }, "cannot read a node's lease, so it is not called lost");
      return 'unanswered';
    } finally {
      cancel();
    }
  }

  #seen(node: string, lease: Lease): void {
    const { clock, lostNodes, onFound } = this.#options;
    const news = this.#table.seen(node, lease.spec.renewTime ?? undefined, durationOf(lease), clock.monotonic());
    if (news === 'Returned') {
      lostNodes.delete(node);
      onFound(node, true);
      this.#arm();
    }
  }
}

function durationOf(lease: Lease | undefined): number | undefined {
  const seconds = lease?.spec.leaseDurationSeconds ?? undefined;
  return seconds === undefined ? undefined : seconds * 1000;
}
