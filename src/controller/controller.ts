import { mdevClassSchema, type MdevClass } from '../api/mdev-class.ts';
import type { ConditionCount } from '../api/condition-counts.ts';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import { mdevParentSchema, type MdevParent } from '../api/mdev-parent.ts';
import type { ObjectMeta } from '../api/object-meta.ts';
import { pause } from '../kube/abort.ts';
import type { KubeClient } from '../kube/client.ts';
import { EventRecorder } from '../kube/events.ts';
import { fencedClient } from '../kube/fenced-client.ts';
import { LeaderElector, type LeaseTiming } from '../kube/leader-election.ts';
import type { Log } from '../kube/log.ts';
import { Reflector } from '../kube/reflector.ts';
import { classResource, deviceResource, namespaceResource, nodeResource, parentResource, type ResourceRef } from '../kube/resource.ts';
import { runAll } from '../kube/run-all.ts';
import type { Store } from '../kube/store.ts';
import type { KubeTelemetry } from '../kube/telemetry.ts';
import type { Clock } from '../lib/clock.ts';
import { Allocator, type AllocatorHooks } from './allocator.ts';
import { conditionsOfController } from './condition-share.ts';
import { warnOfSeveralDefaults } from './default-class-warning.ts';
import { Ledger } from './ledger.ts';
import { NodeLifecycle, type NodeLifecycleHooks } from './node-lifecycle.ts';
import { Avoidance } from './withdrawal.ts';
import { SetController } from './sets/set-controller.ts';
import { createWorld, namespaceSchema, nodeSchema, type DeviceIndex, type NamespaceObject, type NodeObject } from './world.ts';
import { Writer } from './writer.ts';

export interface ControllerHooks extends AllocatorHooks, NodeLifecycleHooks {
  /** All objects are known and decisions begin. With leader election: each time this process begins to lead. */
  readonly onSynced?: () => void;
  /** Whether this process leads; one that stands for no election does. */
  readonly onLeading?: (leading: boolean) => void;
  /** Where the conditions that are a controller's to write are counted, whenever somebody wants to know; undefined at the end of a term. */
  readonly onConditions?: (read: (() => readonly ConditionCount[]) | undefined) => void;
}

export interface ControllerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter only: decisions do not depend on it. */
  readonly random: () => number;
  readonly log: Log;
  /** Different for every process. */
  readonly identity: string;
  /** False where there can be one controller only. */
  readonly leaderElection: boolean;
  /** How long a term lasts without renewal and so on, as the elector has it by itself if left out. */
  readonly leaseTiming?: LeaseTiming;
  /** Where the leader's Lease is; kube-system if left out. */
  readonly leaseNamespace?: string;
  /** Namespaces whose objects may adopt; `*` for all. */
  readonly adoptNamespaces: readonly string[];
  readonly hooks?: ControllerHooks;
  readonly telemetry?: KubeTelemetry;
}

/** How often reading the cluster's UID is tried, ms. */
const retryClusterUID = 1000;

/** The UID of namespace kube-system, which stands for the cluster. Waits until it can be read; undefined when aborted. */
export async function readClusterUID(client: KubeClient, clock: Clock, log: Log, signal: AbortSignal): Promise<string | undefined> {
  do {
    try {
      const namespace = await client.get(namespaceResource, { name: 'kube-system' }, signal);
      if (namespace?.metadata.uid !== undefined) return namespace.metadata.uid;
      log.warn({}, 'there is no namespace kube-system yet');
    } catch (error) {
      if (signal.aborted) return undefined;
      log.warn({ err: error }, 'cannot read namespace kube-system, trying again');
    }
  } while (await pause(clock, retryClusterUID, signal));
  return undefined;
}

/** Allocates devices to parents, and looks after lost nodes, until `signal` is aborted; with leader election, as long as this process leads. */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  if (!options.leaderElection) {
    options.hooks?.onLeading?.(true);
    await control(options, signal);
    return;
  }
  const { client, clock, random, log, identity, leaseNamespace = 'kube-system', hooks } = options;
  const lease = { namespace: leaseNamespace, name: 'mdev-controller' };
  const elector = new LeaderElector({ client, clock, random, log, lease, identity, ...options.leaseTiming });
  await elector.run(async (leading) => {
    hooks?.onLeading?.(true);
    try {
      await control({ ...options, client: fencedClient(client, () => elector.mayAct()) }, leading);
    } finally {
      hooks?.onLeading?.(false);
    }
  }, signal);
}

/** One term: everything is learned anew from the objects. */
async function control(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, log, identity, adoptNamespaces, hooks = {}, telemetry } = options;
  const clusterUID = await readClusterUID(client, clock, log, signal);
  if (clusterUID === undefined) return;
  const world = createWorld(clusterUID);
  const ledger = new Ledger(world);
  const events = new EventRecorder({ client, clock, random, log, component: 'mdev-controller', instance: identity });
  const mayAdopt = (namespace: string): boolean => adoptNamespaces.includes('*') || adoptNamespaces.includes(namespace);
  const writer = new Writer({
    client,
    clock,
    random,
    log,
    telemetry,
    world,
    events,
    onDropped: (key, uid) => allocator.dropped(key, uid),
  });
  const allocator = new Allocator({
    situation: { world, ledger, avoidance: new Avoidance(clock), mayAdopt },
    clock,
    random,
    log,
    hooks,
    submit: (device, action) => writer.submit(device, action),
    cancel: (key) => writer.forget(key),
  });
  const nodes = new NodeLifecycle({
    client,
    clock,
    random,
    log,
    telemetry,
    events,
    world,
    hooks,
    onChange: (node) => allocator.nodeChanged(node),
  });
  const sets = new SetController({ client, clock, random, log, telemetry, world, events });
  const follow = <T extends { readonly metadata: ObjectMeta }, Index extends string>(
    resource: ResourceRef,
    store: Store<T, Index>,
    parse: (object: unknown) => T,
    onChange: (key: string) => void,
  ): Reflector<T, Index> => new Reflector({ client, resource, store, parse, onChange, clock, random, log, telemetry });
  let synced = false;
  const warnOfDefaults = warnOfSeveralDefaults(world.classes, events);
  const reflectors = [
    follow<MdevClass, 'default'>(
      classResource,
      world.classes,
      (object) => mdevClassSchema.parse(object),
      (name) => {
        allocator.classChanged(name);
        if (synced) warnOfDefaults();
      },
    ),
    follow<NamespaceObject, never>(
      namespaceResource,
      world.namespaces,
      (object) => namespaceSchema.parse(object),
      (name) => allocator.namespaceChanged(name),
    ),
    follow<NodeObject, never>(
      nodeResource,
      world.nodes,
      (object) => nodeSchema.parse(object),
      (name) => {
        allocator.nodeChanged(name);
        sets.nodeChanged(name);
      },
    ),
    follow<MdevParent, 'node' | 'type' | 'owner' | 'foreign'>(
      parentResource,
      world.parents,
      (object) => mdevParentSchema.parse(object),
      (name) => {
        allocator.parentChanged(name);
        nodes.parentChanged(name);
        sets.parentChanged(name);
      },
    ),
    follow<MdevDevice, DeviceIndex>(
      deviceResource,
      world.devices,
      (object) => mdevDeviceSchema.parse(object),
      (key) => {
        allocator.deviceChanged(key);
        nodes.deviceChanged(key);
        sets.deviceChanged(key);
      },
    ),
  ];
  hooks.onConditions?.(() => conditionsOfController(world.devices.list()));
  // Whoever leads next counts anew.
  using _ = { [Symbol.dispose]: () => hooks.onConditions?.(undefined) };
  const whenSynced = (stop: AbortSignal): Promise<unknown> => Promise.all(reflectors.map((reflector) => reflector.whenSynced(stop)));
  await runAll(
    [
      ...reflectors.map((reflector) => (stop: AbortSignal) => reflector.run(stop)),
      (stop) => events.run(stop),
      (stop) => writer.run(stop),
      (stop) => nodes.run(whenSynced, stop),
      async (stop) => {
        await whenSynced(stop);
        log.info({ devices: world.devices.size, parents: world.parents.size, nodes: world.nodes.size }, 'all objects are known');
        synced = true;
        warnOfDefaults();
        hooks.onSynced?.();
        await Promise.all([allocator.run(stop), sets.run(stop)]);
      },
    ],
    signal,
  );
}
