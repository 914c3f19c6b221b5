import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { KubeClient, KubeObject } from '../../src/kube/client.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import { clientFor } from '../../test/support/cluster-client.ts';
import { inLanes } from '../device-objects.ts';
import { agentStatus, controllerStatus, finalizer } from './bare-bodies.ts';
import { ObjectWatch } from './object-watch.ts';
import { ReadyWatch } from './ready-watch.ts';
import { startRealCluster, type RealCluster } from './real-cluster.ts';
import { costOf, createDevice, deviceName, lanes, namespace, settles, type Cost, type Side } from './side.ts';
import { nodeName, type ClusterSize } from './size.ts';

/**
 * A client that makes objects look as the operator does, by the fewest writes that can: the object, its finalizer, its allocation, its
 * agent's status. It decides nothing and reads nothing; the watches that controller and agents would hold are held by a process beside it.
 */
export class BareSide implements Side {
  readonly #cluster: RealCluster;
  readonly #client: KubeClient;
  readonly #watch: ReadyWatch;
  readonly #watches: ChildProcess;
  readonly #size: ClusterSize;

  private constructor(cluster: RealCluster, client: KubeClient, watch: ReadyWatch, watches: ChildProcess, size: ClusterSize) {
    this.#cluster = cluster;
    this.#client = client;
    this.#watch = watch;
    this.#watches = watches;
    this.#size = size;
  }

  static async start(bin: string, size: ClusterSize): Promise<BareSide> {
    const cluster = await startRealCluster(bin);
    const watches = fork(new URL('./watches.ts', import.meta.url), [cluster.kubeconfig, String(size.nodes)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    await once(watches, 'message');
    const client = clientFor(cluster.kubeconfig);
    return new BareSide(cluster, client, await ReadyWatch.open(client, cluster.signal), watches, size);
  }

  publish(from: number, to: number): Promise<Cost> {
    return costOf(this.#cluster, async () => {
      await inLanes(to - from, 2 * lanes, async (index) => {
        const number = from + index;
        const created = await createDevice(this.#client, number, {}, this.#cluster.signal);
        await this.#addFinalizer(number, created);
        await this.#allocate(number);
        await this.#report(number);
      });
      await this.#watch.whenReady(to);
    });
  }

  /** Each step waits for the watch event by which another process would learn of the one before. It begins at rest, as the operator's does. */
  async ready(number: number): Promise<number> {
    const name = deviceName(number);
    const controller = await ObjectWatch.open(this.#client, {}, this.#cluster.signal);
    const agent = await ObjectWatch.open(
      this.#client,
      { fieldSelector: `status.allocation.nodeName=${this.#nodeOf(number)}` },
      this.#cluster.signal,
    );
    await new Promise((resolve) => setTimeout(resolve, settles));
    const begin = performance.now();
    const [seen] = await Promise.all([controller.next(name), createDevice(this.#client, number, {}, this.#cluster.signal)]);
    await this.#addFinalizer(number, seen);
    await Promise.all([agent.next(name), this.#allocate(number)]);
    await Promise.all([this.#watch.whenOneIsReady(name), this.#report(number)]);
    const time = performance.now() - begin;
    controller.close();
    agent.close();
    await this.#takeAway(number);
    return time;
  }

  #nodeOf(number: number): string {
    return nodeName(number % this.#size.nodes);
  }

  async #addFinalizer(number: number, { metadata: { resourceVersion, uid } }: KubeObject): Promise<void> {
    const body = { metadata: { resourceVersion, uid, finalizers: [finalizer] } };
    const key = { namespace, name: deviceName(number) };
    await this.#client.patch(deviceResource, key, 'merge', body, { fieldManager: 'mdev-controller' }, this.#cluster.signal);
  }

  async #allocate(number: number): Promise<void> {
    await this.#apply('mdev-controller', number, controllerStatus(this.#nodeOf(number)));
  }

  async #report(number: number): Promise<void> {
    await this.#apply('mdev-agent', number, agentStatus(number));
  }

  async #apply(fieldManager: string, number: number, status: object): Promise<void> {
    const options = { fieldManager, force: true, subresource: 'status' } as const;
    await this.#client.apply(deviceResource, { namespace, name: deviceName(number) }, { status }, options, this.#cluster.signal);
  }

  async #takeAway(number: number): Promise<void> {
    const key = { namespace, name: deviceName(number) };
    await this.#client.patch(deviceResource, key, 'merge', { metadata: { finalizers: null } }, {}, this.#cluster.signal);
    await this.#client.delete(deviceResource, key, {}, this.#cluster.signal);
    await this.#watch.whenGone(key.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watches.disconnect();
    await once(this.#watches, 'exit');
    await this.#client.close();
    await this.#cluster[Symbol.asyncDispose]();
  }
}
