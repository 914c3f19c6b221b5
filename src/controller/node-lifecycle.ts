import { agentLeaseLabel } from '../api/group.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventSink } from '../kube/events.ts';
import { leaseSchema, nodeLeaseNamespace, type Lease } from '../kube/lease.ts';
import type { Log } from '../kube/log.ts';
import { Reflector } from '../kube/reflector.ts';
import { leaseResource, nodeResource } from '../kube/resource.ts';
import { runAll } from '../kube/run-all.ts';
import { Store } from '../kube/store.ts';
import type { KubeTelemetry } from '../kube/telemetry.ts';
import type { Clock } from '../lib/clock.ts';
import { LossReporter } from './loss-reporter.ts';
import type { LostNode } from './node-loss.ts';
import { NodeWatch } from './node-watch.ts';
import { standingAllocation, type World } from './world.ts';

export interface NodeLifecycleHooks {
  /** A node is lost, has returned, or is no concern any more; and how many are lost now. */
  readonly onNodeLoss?: (change: 'Lost' | 'Returned' | 'Forgotten', lost: number) => void;
}

export interface NodeLifecycleOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: KubeTelemetry | undefined;
  readonly events: EventSink;
  readonly world: World;
  readonly hooks: NodeLifecycleHooks;
  /** A node is lost, or no longer. */
  readonly onChange: (node: string) => void;
}

/** Follows the agents' Leases, keeps `world.lostNodes`, and tells of it: on objects, by Event, in the log. */
export class NodeLifecycle {
  readonly #options: NodeLifecycleOptions;
  readonly #watch: NodeWatch;
  readonly #reporter: LossReporter;
  readonly #leases: Reflector<Lease>;

  constructor(options: NodeLifecycleOptions) {
    this.#options = options;
    const { client, clock, random, log, world, telemetry } = options;
    const leases = new Store<Lease>({});
    this.#reporter = new LossReporter({ client, clock, random, log, telemetry, world });
    this.#watch = new NodeWatch({
      client,
      clock,
      random,
      log,
      leases,
      lostNodes: world.lostNodes,
      concerns: (node) => world.parents.keysByIndex('node', node).length > 0 || world.devices.keysByIndex('node', node).length > 0,
      onLost: (node, lost) => this.#lost(node, lost),
      onFound: (node, heard) => this.#found(node, heard),
    });
    this.#leases = new Reflector({
      client,
      resource: leaseResource,
      // By label, or every renewal of every kubelet would come here, too.
      selection: { namespace: nodeLeaseNamespace, labelSelector: `${agentLeaseLabel.name}=${agentLeaseLabel.value}` },
      parse: (object) => leaseSchema.parse(object),
      store: leases,
      onChange: (key) => this.#watch.leaseChanged(key),
      onState: (_phase, failures) => {
        if (failures > 0) this.#watch.interrupted();
      },
      clock,
      random,
      log,
      telemetry,
    });
  }

  deviceChanged(key: string): void {
    const device = this.#options.world.devices.get(key);
    this.#changed(key, device !== undefined, device && standingAllocation(device)?.nodeName);
  }

  parentChanged(name: string): void {
    const parent = this.#options.world.parents.get(name);
    this.#changed(name, parent !== undefined, parent?.spec.nodeName);
  }

  /** Judges nodes once `whenSynced` resolves, until `signal` is aborted. */
  async run(whenSynced: (stop: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { world, hooks } = this.#options;
    try {
      await runAll(
        [
          (stop) => this.#leases.run(stop),
          (stop) => this.#reporter.run(stop),
          async (stop) => {
            await Promise.all([whenSynced(stop), this.#leases.whenSynced(stop)]);
            await this.#watch.run(stop);
          },
        ],
        signal,
      );
    } finally {
      // Whoever leads next finds out anew.
      world.lostNodes.clear();
      hooks.onNodeLoss?.('Forgotten', 0);
    }
  }

  #changed(key: string, exists: boolean, node: string | undefined): void {
    if (node !== undefined) this.#watch.follow(node);
    if (!exists) this.#watch.objectGone();
    this.#reporter.objectChanged(key);
  }

  #lost(node: string, lost: LostNode): void {
    const { world, log } = this.#options;
    const devices = world.devices.keysByIndex('node', node).length;
    const parents = world.parents.keysByIndex('node', node).length;
    log.warn({ node, lastHeard: lost.lastHeard, devices, parents }, 'node lost');
    const when = lost.lastHeard === undefined ? 'has never been heard' : `was last heard at ${lost.lastHeard}`;
    this.#tell(node, {
      type: 'Warning',
      reason: 'NodeLost',
      message: `The mdev agent of this node ${when}; what it knew of MdevDevices (${devices}) and MdevParents (${parents}) here is Unknown until it is back.`,
    });
    this.#tellChange(node, 'Lost');
  }

  #found(node: string, heard: boolean): void {
    const { log } = this.#options;
    if (heard) {
      log.info({ node }, 'lost node has returned');
      this.#tell(node, { type: 'Normal', reason: 'NodeReturned', message: 'The mdev agent of this node is heard again.' });
    } else log.info({ node }, 'nothing is left of a lost node');
    this.#tellChange(node, heard ? 'Returned' : 'Forgotten');
  }

  #tellChange(node: string, change: 'Lost' | 'Returned' | 'Forgotten'): void {
    const { world, hooks, onChange } = this.#options;
    hooks.onNodeLoss?.(change, world.lostNodes.size);
    this.#reporter.nodeChanged(node);
    onChange(node);
  }

  /** One Event for a node, not one for each of its devices. */
  #tell(name: string, note: Parameters<EventSink['record']>[1]): void {
    const { world, events } = this.#options;
    const node = world.nodes.get(name);
    if (node === undefined) return;
    events.record({ apiVersion: 'v1', kind: nodeResource.kind, metadata: { name, uid: node.metadata.uid } }, note);
  }
}
