import { expect } from 'vitest';
import { mdevDeviceSchema, type MdevDevice } from '../../../src/api/mdev-device.ts';
import { findCondition } from '../../../src/api/condition.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { deviceResource } from '../../../src/kube/resource.ts';
import { hostState } from '../../../src/provider/host/state.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { TestNode } from '../../agent/harness.ts';
import { foreignUUID, testProfile } from '../../agent/profiles.ts';
import { Bench } from '../../controller/harness.ts';
import { waitForObjects } from '../../support/cluster-client.ts';
import { differences } from '../invariants.ts';
import { readView, type Host } from '../view.ts';

/** How long everything may take to be as it should again, ms: API servers that were away are asked again after seconds. */
const patience = 30_000;

export function isReady({ status }: MdevDevice): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}

export function hostOf(node: TestNode): Host {
  return { node: node.name, foreign: new Set([foreignUUID]), dataDir: node.dataDir, state: async () => hostState(node.host) };
}

/** Nodes with an agent each, and a controller, all in the test's process. */
export class FaultSite implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly bench: Bench;
  readonly nodes: readonly TestNode[];

  private constructor(cluster: Cluster, nodes: readonly TestNode[]) {
    this.cluster = cluster;
    this.bench = Bench.on(cluster);
    this.nodes = nodes;
  }

  /**
   * @param agentClient what the agents reach the API server by, if not as all others
   * @param controller whether one is started; a test may have its own
   */
  static async start(
    cluster: Cluster,
    names: readonly string[],
    { agentClient = cluster.client, controller = true }: { agentClient?: KubeClient; controller?: boolean } = {},
  ): Promise<FaultSite> {
    const nodes = await Promise.all(names.map((name) => TestNode.boot(cluster, name, testProfile())));
    for (const node of nodes) await node.start(node.provider(), agentClient);
    const site = new FaultSite(cluster, nodes);
    if (controller) await site.bench.startController();
    return site;
  }

  async create(names: readonly string[], spec: object = { type: { id: 'mtty-1' } }): Promise<void> {
    for (const name of names) await this.bench.create(name, spec);
  }

  /** Waits until these objects are Ready; answers them. */
  ready(names: readonly string[], client: KubeClient = this.cluster.client): Promise<MdevDevice[]> {
    return this.all(names, isReady, client);
  }

  async all(names: readonly string[], predicate: (device: MdevDevice) => boolean, client = this.cluster.client): Promise<MdevDevice[]> {
    const of = (objects: ReadonlyMap<string, unknown>): MdevDevice[] =>
      names.flatMap((name) => {
        const object = objects.get(`default/${name}`);
        return object === undefined ? [] : mdevDeviceSchema.parse(object);
      });
    const met = (objects: ReadonlyMap<string, unknown>): boolean => of(objects).length === names.length && of(objects).every(predicate);
    return of(await waitForObjects(client, deviceResource, met, patience));
  }

  /** Waits until all invariants hold, or fails with what does not. */
  async whole(nodes = this.nodes): Promise<void> {
    const wrong = async (): Promise<string[]> => differences(await readView(this.cluster.client, nodes.map(hostOf)));
    await expect.poll(wrong, { timeout: patience }).toEqual([]);
  }

  /** Ends controller and agents, and leaves the cluster. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench.stopController();
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
  }
}

/** The devices that went from a host or came to it, in words, from now on. */
export function comingsAndGoings({ host }: TestNode): string[] {
  const seen: string[] = [];
  host.bus.uevents.subscribe(({ action, uuid }) => {
    if (uuid !== undefined && (action === 'add' || action === 'remove')) seen.push(`${action} ${uuid}`);
  });
  return seen;
}
