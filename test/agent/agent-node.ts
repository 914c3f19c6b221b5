import { rm } from 'node:fs/promises';
import { runAgent } from '../../src/agent/agent.ts';
import { findCondition } from '../../src/api/condition.ts';
import { deviceFinalizer } from '../../src/api/group.ts';
import { mdevDeviceSchema, type MdevDevice } from '../../src/api/mdev-device.ts';
import { mdevParentSchema, type MdevParent } from '../../src/api/mdev-parent.ts';
import { parentObjectName } from '../../src/api/parent-name.ts';
import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { deviceResource, eventResource, keyOf, parentResource, type ResourceRef } from '../../src/kube/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { MdevProvider } from '../../src/provider/contract.ts';
import { waitForObjects } from '../support/cluster-client.ts';
import type { Cluster } from './cluster.ts';
import { testLogger } from './test-logger.ts';

/** How long a test waits for an object to become as expected, ms, if it does not say. */
const usualPatience = 10_000;

/** The objects of one resource, followed until one satisfies what is waited for. */
export async function waitFor<T>(
  client: KubeClient,
  resource: ResourceRef,
  key: string,
  read: (object: unknown) => T,
  predicate: (object: T | undefined) => boolean,
  patience = usualPatience,
): Promise<T | undefined> {
  const timeout = AbortSignal.timeout(patience);
  const satisfied = new AbortController();
  const list = await client.list(resource, {}, timeout);
  const found = (list.items as readonly KubeObject[]).find(({ metadata }) => keyOf(metadata) === key);
  let last = found === undefined ? undefined : read(found);
  if (predicate(last)) return last;
  try {
    await client.watch(
      resource,
      { resourceVersion: list.resourceVersion, timeoutSeconds: 60 },
      ({ type, object }) => {
        const changed = object as KubeObject;
        if (type === 'BOOKMARK' || type === 'ERROR' || keyOf(changed.metadata) !== key) return;
        last = type === 'DELETED' ? undefined : read(changed);
        if (predicate(last)) satisfied.abort();
      },
      AbortSignal.any([timeout, satisfied.signal]),
    );
  } catch (error) {
    if (satisfied.signal.aborted) return last;
    throw new Error(`${key} did not become as expected; last seen: ${JSON.stringify(last)}`, { cause: error });
  }
  throw new Error(`The watch of ${key} ended; last seen: ${JSON.stringify(last)}`);
}

export interface DeviceInit {
  readonly name: string;
  readonly namespace?: string;
  readonly parent: string;
  readonly type: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface AgentNodeInit {
  readonly cluster: Cluster;
  readonly name: string;
  /** The agent's own; deleted with the node. */
  readonly dataDir: string;
  readonly adoptNamespaces?: string[];
  /** How long is waited for an object to become as expected, ms; 10 s if left out. */
  readonly patience?: number;
  /** How often the agent looks at what no kernel announces, ms; often if left out. */
  readonly recheckInterval?: number;
}

/** One node: an agent's data directory, and an agent that comes and goes. */
export class AgentNode implements AsyncDisposable {
  cluster: Cluster;
  readonly name: string;
  readonly dataDir: string;
  readonly adoptNamespaces: string[];
  /** Whether its agent makes the Node object if there is none, as where there is no kubelet. */
  registerNode = true;
  readonly #patience: number;
  readonly #recheckInterval: number;
  #agent: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor({ cluster, name, dataDir, adoptNamespaces = [], patience = usualPatience, recheckInterval = 200 }: AgentNodeInit) {
    this.cluster = cluster;
    this.name = name;
    this.dataDir = dataDir;
    this.adoptNamespaces = adoptNamespaces;
    this.#patience = patience;
    this.#recheckInterval = recheckInterval;
  }

  /** Starts an agent and waits until it has read everything. */
  async startOn(provider: MdevProvider, client = this.cluster.client): Promise<void> {
    const stop = new AbortController();
    const synced = Promise.withResolvers<undefined>();
    const done = runAgent(
      {
        client,
        provider,
        nodeName: this.name,
        dataDir: this.dataDir,
        adoptNamespaces: this.adoptNamespaces,
        registerNode: this.registerNode,
        nodeLease: false,
        recheckInterval: this.#recheckInterval,
        clock: systemClock,
        random: () => 0.5,
        log: testLogger(),
        onSynced: () => synced.resolve(undefined),
      },
      stop.signal,
    );
    this.#agent = { stop, done };
    await Promise.race([synced.promise, done]);
  }

  async stop(): Promise<void> {
    this.#agent?.stop.abort();
    await this.#agent?.done;
    this.#agent = undefined;
  }

  /** Makes an MdevDevice as the controller leaves it: with finalizer and allocation. */
  async create({ name, namespace = 'default', parent, type, spec = {} }: DeviceInit): Promise<MdevDevice> {
    const signal = AbortSignal.timeout(this.#patience);
    const object = {
      apiVersion: 'mediated.dev/v1alpha1',
      kind: 'MdevDevice',
      metadata: { name, namespace, finalizers: [deviceFinalizer] },
      spec: { type: { id: type }, ...spec },
    };
    await this.cluster.client.create(deviceResource, object, { namespace }, signal);
    return this.allocate(name, { parent, type, namespace });
  }

  async allocate(
    name: string,
    allocation: { readonly parent: string; readonly type: string; readonly namespace?: string; readonly withdrawn?: boolean },
  ): Promise<MdevDevice> {
    const { parent, type: typeID, namespace = 'default', withdrawn } = allocation;
    const status = {
      allocation: {
        nodeName: this.name,
        parentName: parentObjectName(this.name, parent),
        typeID,
        ...(withdrawn === undefined ? {} : { withdrawn }),
      },
    };
    const options = { fieldManager: 'mdev-controller', force: true, subresource: 'status' } as const;
    const signal = AbortSignal.timeout(this.#patience);
    return mdevDeviceSchema.parse(await this.cluster.client.apply(deviceResource, { namespace, name }, { status }, options, signal));
  }

  async delete(name: string, namespace = 'default'): Promise<void> {
    await this.cluster.client.delete(deviceResource, { namespace, name }, {}, AbortSignal.timeout(this.#patience));
  }

  async device(name: string, predicate: (device: MdevDevice) => boolean, namespace = 'default'): Promise<MdevDevice> {
    const read = (object: unknown): MdevDevice => mdevDeviceSchema.parse(object);
    const found = await waitFor(
      this.cluster.client,
      deviceResource,
      `${namespace}/${name}`,
      read,
      (device) => device !== undefined && predicate(device),
      this.#patience,
    );
    if (found === undefined) throw new Error(`There is no MdevDevice ${namespace}/${name}`);
    return found;
  }

  /** Waits until Ready has this reason. */
  ready(name: string, reason: string, namespace = 'default'): Promise<MdevDevice> {
    return this.device(name, (device) => findCondition(device.status?.conditions, 'Ready')?.reason === reason, namespace);
  }

  async gone(name: string, namespace = 'default'): Promise<void> {
    const isGone = (object: unknown): boolean => object === undefined;
    await waitFor(this.cluster.client, deviceResource, `${namespace}/${name}`, (object) => object, isGone, this.#patience);
  }

  async parent(name: string, predicate: (parent: MdevParent) => boolean): Promise<MdevParent> {
    const read = (object: unknown): MdevParent => mdevParentSchema.parse(object);
    const key = parentObjectName(this.name, name);
    const suits = (parent: MdevParent | undefined): boolean => parent !== undefined && predicate(parent);
    const found = await waitFor(this.cluster.client, parentResource, key, read, suits, this.#patience);
    if (found === undefined) throw new Error(`There is no MdevParent ${key}`);
    return found;
  }

  /** Waits until the parent is published with this line of remaining instances. */
  remaining(name: string, line: string): Promise<MdevParent> {
    return this.parent(name, (parent) => parent.status?.remaining === line);
  }

  /** Waits for an Event with this reason about the object of this name. */
  async event(reason: string, about: string): Promise<void> {
    const fits = (event: KubeObject): boolean =>
      event['reason'] === reason && (event['involvedObject'] as { name?: string } | undefined)?.name === about;
    await waitForObjects(this.cluster.client, eventResource, (events) => [...events.values()].some(fits), this.#patience);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true });
  }
}
