import { KubeConfig } from '@kubernetes/client-node';
import { findCondition } from '../../src/api/condition.ts';
import { agentLeaseLabel, defaultClassAnnotation } from '../../src/api/group.ts';
import { mdevDeviceSchema, type MdevDevice } from '../../src/api/mdev-device.ts';
import type { ParentDevice, ParentStatus } from '../../src/api/mdev-parent.ts';
import { runController } from '../../src/controller/controller.ts';
import type { Profile } from '../../src/emulator/profile.ts';
import type { KubeObject, RequestObservation } from '../../src/kube/client.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { agentLeaseKey } from '../../src/kube/lease.ts';
import {
  classResource,
  deviceResource,
  eventResource,
  leaseResource,
  namespaceResource,
  nodeResource,
  parentResource,
} from '../../src/kube/resource.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { Store } from '../../src/kube/store.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { waitFor } from '../agent/agent-node.ts';
import type { Cluster } from '../agent/cluster.ts';
import { TestNode } from '../agent/harness.ts';
import { startCluster } from '../agent/start-cluster.ts';
import { testLogger } from '../agent/test-logger.ts';

const patience = 15_000;
const agent = { fieldManager: 'mdev-agent', force: true, subresource: 'status' } as const;

/** What a test says of a parent; types are [available, max]. */
export interface ParentInit {
  readonly node?: string;
  readonly parent?: string;
  readonly sharing?: ParentStatus['sharing'];
  readonly types: Readonly<Record<string, readonly [number, number]>>;
  readonly devices?: readonly ParentDevice[];
  readonly present?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An embedded API server with a controller; the test plays the agents, so that it can show the controller any state. */
export class Bench implements AsyncDisposable {
  readonly cluster: Cluster;
  /** What the controller has asked of the server, but watches. */
  readonly requests: RequestObservation[] = [];
  #onRequest: () => void = () => undefined;
  readonly #controllers: { readonly stop: AbortController; readonly done: Promise<void>; readonly client: HttpClient }[] = [];

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  static async start(): Promise<Bench> {
    return new Bench(await startCluster());
  }

  /** On a cluster that is there; it is closed with the bench. */
  static on(cluster: Cluster): Bench {
    return new Bench(cluster);
  }

  /** Starts a controller and waits until it knows all objects; with leader election, until it leads. */
  async startController(identity = 'one', leaderElection = false, clock: Clock = systemClock): Promise<void> {
    await this.launchController(identity, leaderElection, clock);
  }

  /** Starts a controller; what it returns resolves when that knows all objects. */
  launchController(identity: string, leaderElection: boolean, clock: Clock = systemClock): Promise<unknown> {
    const stop = new AbortController();
    const synced = Promise.withResolvers<undefined>();
    const config = new KubeConfig();
    config.loadFromFile(this.cluster.kubeconfig);
    const client = new HttpClient({
      config,
      clock: systemClock,
      userAgent: 'controller-test',
      onRequest: (observation) => {
        this.requests.push(observation);
        this.#onRequest();
      },
    });
    const done = runController(
      {
        client,
        clock,
        random: () => 0.5,
        log: testLogger(),
        identity,
        leaderElection,
        adoptNamespaces: ['default'],
        hooks: { onSynced: () => synced.resolve(undefined) },
      },
      stop.signal,
    );
    this.#controllers.push({ stop, done, client });
    return Promise.race([synced.promise, done]);
  }

  /** Stops the controller that was started first. */
  async stopController(): Promise<void> {
    const controller = this.#controllers.shift();
    controller?.stop.abort(new Error('stopped by the test'));
    await controller?.done;
    await controller?.client.close();
  }

  /** Waits until the controller has made so many writes to devices in all. */
  async written(count: number): Promise<void> {
    while (this.writes < count) {
      await new Promise<void>((resolve) => {
        this.#onRequest = resolve;
      });
    }
  }

  /** Waits until the controller has made such a request. */
  async asked(verb: RequestObservation['verb'], resource: string): Promise<void> {
    while (!this.requests.some((request) => request.verb === verb && request.resource === resource)) {
      await new Promise<void>((resolve) => {
        this.#onRequest = resolve;
      });
    }
  }

  /** Writes of the controller to devices so far. */
  get writes(): number {
    return this.requests.filter(({ verb, resource }) => resource === deviceResource.plural && !['get', 'list', 'watch'].includes(verb))
      .length;
  }

  async node(name: string, unschedulable = false): Promise<void> {
    const object = { metadata: { name }, spec: { unschedulable } };
    await this.cluster.client.apply(nodeResource, { name }, object, { fieldManager: 'test', force: true }, AbortSignal.timeout(patience));
  }

  /** Taints a node, or takes its taints off. */
  async taint(name: string, taints: readonly object[]): Promise<void> {
    const body = { spec: { taints } };
    await this.cluster.client.patch(nodeResource, { name }, 'merge', body, {}, AbortSignal.timeout(patience));
  }

  async deleteNode(name: string): Promise<void> {
    await this.cluster.client.delete(nodeResource, { name }, {}, AbortSignal.timeout(patience));
  }

  /** Renews the Lease of a node as its agent does; with a time that need not be the test's. */
  async renew(node: string, renewTime = new Date().toISOString().replace('Z', '000Z')): Promise<void> {
    const { client } = this.cluster;
    const signal = AbortSignal.timeout(patience);
    const metadata = { labels: { [agentLeaseLabel.name]: agentLeaseLabel.value } };
    const spec = { holderIdentity: node, leaseDurationSeconds: 40, renewTime };
    await client.apply(leaseResource, agentLeaseKey(node), { metadata, spec }, { fieldManager: 'mdev-agent', force: true }, signal);
  }

  /** Publishes a parent as an agent does. */
  async parent(name: string, init: ParentInit): Promise<void> {
    const { client } = this.cluster;
    const { node = 'n1', types, devices = [], present = true } = init;
    const signal = AbortSignal.timeout(patience);
    const object = { metadata: { labels: init.labels ?? {} }, spec: { nodeName: node, parent: init.parent ?? name } };
    await client.apply(parentResource, { name }, object, { fieldManager: 'mdev-agent', force: true }, signal);
    const status = {
      sharing: init.sharing ?? 'Pooled',
      supportedTypes: Object.entries(types).map(([id, [availableInstances, maxInstances]]) => ({
        id,
        availableInstances,
        maxInstances,
        instances: devices.filter((device) => device.typeID === id).length,
      })),
      devices,
      conditions: [
        {
          type: 'Present',
          status: present ? 'True' : 'False',
          reason: present ? 'Present' : 'Absent',
          message: '',
          lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ''),
        },
      ],
    };
    await client.apply(parentResource, { name }, { status }, agent, signal);
  }

  /** Makes or changes a class as an administrator does. */
  async mdevClass(name: string, spec: object, isDefault = false): Promise<void> {
    const object = { metadata: { name, annotations: isDefault ? { [defaultClassAnnotation]: 'true' } : {} }, spec };
    await this.cluster.client.apply(classResource, { name }, object, { fieldManager: 'test', force: true }, AbortSignal.timeout(patience));
  }

  async labelNamespace(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const signal = AbortSignal.timeout(patience);
    await this.cluster.client.patch(namespaceResource, { name }, 'merge', { metadata: { labels } }, { fieldManager: 'test' }, signal);
  }

  async create(name: string, spec: object, metadata: object = {}): Promise<MdevDevice> {
    const object = { metadata: { name, namespace: 'default', ...metadata }, spec };
    const signal = AbortSignal.timeout(patience);
    return mdevDeviceSchema.parse(await this.cluster.client.create(deviceResource, object, { namespace: 'default' }, signal));
  }

  async nameClass(name: string, className: string): Promise<void> {
    const [key, signal] = [{ namespace: 'default', name }, AbortSignal.timeout(patience)];
    await this.cluster.client.patch(deviceResource, key, 'merge', { spec: { className } }, { fieldManager: 'test' }, signal);
  }

  async delete(name: string): Promise<void> {
    await this.cluster.client.delete(deviceResource, { namespace: 'default', name }, {}, AbortSignal.timeout(patience));
  }

  /** Says as an agent whether the device exists, or what else these conditions are about. */
  async report(name: string, status: 'True' | 'False', reason: string, types: readonly string[] = ['Created']): Promise<void> {
    const condition = { status, reason, message: `It says ${reason}.`, lastTransitionTime: '2026-01-01T00:00:00Z' };
    const body = { status: { conditions: types.map((type) => ({ type, ...condition })) } };
    await this.cluster.client.apply(deviceResource, { namespace: 'default', name }, body, agent, AbortSignal.timeout(patience));
  }

  /** Waits until a device is as expected. */
  async device(name: string, predicate: (device: MdevDevice) => boolean): Promise<MdevDevice> {
    const read = (object: unknown): MdevDevice => mdevDeviceSchema.parse(object);
    const met = (device: MdevDevice | undefined): boolean => device !== undefined && predicate(device);
    const found = await waitFor(this.cluster.client, deviceResource, `default/${name}`, read, met);
    if (found === undefined) throw new Error(`There is no MdevDevice ${name}`);
    return found;
  }

  placed(name: string, parentName: string): Promise<MdevDevice> {
    return this.device(name, ({ status }) => status?.allocation?.parentName === parentName && status.allocation.withdrawn !== true);
  }

  refused(name: string, reason: string): Promise<MdevDevice> {
    return this.device(name, ({ status }) => findCondition(status?.conditions, 'Allocated')?.reason === reason);
  }

  /** Follows all devices until every one of `names` is as expected. */
  async all(names: readonly string[], predicate: (device: MdevDevice) => boolean): Promise<void> {
    const store = new Store<MdevDevice>({});
    const done = new AbortController();
    const reflector = new Reflector({
      client: this.cluster.client,
      resource: deviceResource,
      parse: (object) => mdevDeviceSchema.parse(object),
      store,
      onChange: () => {
        const found = names.flatMap((name) => store.get(`default/${name}`) ?? []);
        if (found.length === names.length && found.every(predicate)) done.abort(new Error('all are there'));
      },
      clock: systemClock,
      random: () => 0.5,
      log: testLogger(),
    });
    const patient = AbortSignal.timeout(patience);
    await reflector.run(AbortSignal.any([done.signal, patient]));
    if (!done.signal.aborted) throw new Error(`Not all devices became as expected, within ${patience} ms`);
  }

  async gone(name: string): Promise<void> {
    const isGone = (object: unknown): boolean => object === undefined;
    await waitFor(this.cluster.client, deviceResource, `default/${name}`, (object) => object, isGone);
  }

  async devices(): Promise<MdevDevice[]> {
    const { items } = await this.cluster.client.list(deviceResource, {}, AbortSignal.timeout(patience));
    return items.map((item) => mdevDeviceSchema.parse(item));
  }

  /** Waits until there is an Event with this reason. */
  async event(reason: string): Promise<KubeObject> {
    const signal = AbortSignal.timeout(patience);
    const list = await this.cluster.client.list(eventResource, {}, signal);
    const found = (list.items as readonly KubeObject[]).find((event) => event['reason'] === reason);
    if (found !== undefined) return found;
    const seen = Promise.withResolvers<KubeObject>();
    const enough = new AbortController();
    const query = { resourceVersion: list.resourceVersion, timeoutSeconds: 30 };
    const watching = this.cluster.client.watch(
      eventResource,
      query,
      ({ object }) => {
        if ((object as KubeObject)['reason'] === reason) seen.resolve(object as KubeObject);
      },
      AbortSignal.any([signal, enough.signal]),
    );
    try {
      return await Promise.race([seen.promise, watching.then(() => Promise.reject(new Error(`There is no Event ${reason}`)))]);
    } finally {
      enough.abort(new Error('found'));
      await watching.catch((error: unknown) => {
        if (!enough.signal.aborted) throw error;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#controllers.length > 0) await this.stopController();
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** An API server, a controller, and the agents of two nodes, `one` and `two`, of that profile. */
export interface TwoNodes extends AsyncDisposable {
  readonly bench: Bench;
  readonly one: TestNode;
  readonly two: TestNode;
}

export async function startTwoNodes(profile: Profile): Promise<TwoNodes> {
  const bench = await Bench.start();
  const one = await TestNode.boot(bench.cluster, 'one', profile);
  const two = await TestNode.boot(bench.cluster, 'two', profile);
  await one.start();
  await two.start();
  await bench.startController();
  return {
    bench,
    one,
    two,
    async [Symbol.asyncDispose]() {
      await bench.stopController();
      await one[Symbol.asyncDispose]();
      await two[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    },
  };
}

export function isReady({ status }: MdevDevice): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}

/** The message of a device's condition. */
export function messageOf(device: MdevDevice, type: string): string {
  return findCondition(device.status?.conditions, type)?.message ?? '';
}
