/** What a soak runs on: a real API server, nodes of an emulator and an agent each, and two controllers, all processes. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '../../../src/kube/client.ts';
import { namespaceResource, nodeResource } from '../../../src/kube/resource.ts';
import { clientFor } from '../../support/cluster-client.ts';
import { buildControlPlane } from '../binaries.ts';
import { startControlPlane, type ControlPlane } from '../control-plane.ts';
import { installCrds } from '../install-crds.ts';
import { OperatorProcess } from '../operator-process.ts';
import { deployAccounts } from '../service-accounts.ts';
import { namespaces } from './cast.ts';
import { SoakNode } from './soak-node.ts';

const profile = new URL('profile.yaml', import.meta.url).pathname;
export const nodeNames = ['node-1', 'node-2', 'node-3'] as const;

export class Site {
  readonly controlPlane: ControlPlane;
  /** Logs, sockets and the agents' data; removed by `close`. */
  readonly directory: string;
  readonly client: KubeClient;
  readonly nodes: readonly SoakNode[];
  readonly controllers: readonly OperatorProcess[];

  private constructor(controlPlane: ControlPlane, directory: string, nodes: readonly SoakNode[], controllers: readonly OperatorProcess[]) {
    this.controlPlane = controlPlane;
    this.directory = directory;
    this.nodes = nodes;
    this.controllers = controllers;
    this.client = clientFor(controlPlane.kubeconfig);
  }

  static async start(): Promise<Site> {
    const bin = await buildControlPlane({ controllers: true });
    const controlPlane = await startControlPlane({ bin, controllers: ['namespace-controller', 'garbage-collector-controller'] });
    try {
      await installCrds(controlPlane.kubeconfig);
      const directory = await mkdtemp(join(tmpdir(), 'mdev-soak-'));
      const kubeconfigs = await deployAccounts(controlPlane.kubeconfig, directory);
      const nodes = await Promise.all(
        nodeNames.map(async (name) => new SoakNode({ name, directory, kubeconfig: await kubeconfigs.agentOf(name), profile })),
      );
      const controllers = ['controller-1', 'controller-2'].map(
        (name) => new OperatorProcess(name, directory, ['controller', '--kubeconfig', kubeconfigs.controller]),
      );
      const site = new Site(controlPlane, directory, nodes, controllers);
      await site.#populate();
      return site;
    } catch (error) {
      await controlPlane.stop();
      throw error;
    }
  }

  async #populate(): Promise<void> {
    const signal = AbortSignal.timeout(30_000);
    for (const name of nodeNames) await this.client.create(nodeResource, { metadata: { name } }, {}, signal);
    for (const name of namespaces) await this.client.create(namespaceResource, { metadata: { name } }, {}, signal);
    for (const { dataDir } of this.nodes) await mkdir(dataDir, { recursive: true });
    for (const process of this.processes()) process.start();
  }

  /** Of the operator, emulators included. */
  processes(): OperatorProcess[] {
    return [...this.nodes.flatMap(({ emulator, agent }) => [emulator, agent]), ...this.controllers];
  }

  /** Ends everything. @param keep leaves the logs and the agents' data where they are */
  async close(keep: boolean): Promise<void> {
    await this.client.close();
    await Promise.all(this.processes().map((process) => process.end('SIGKILL')));
    await this.controlPlane.stop();
    if (!keep) await rm(this.directory, { recursive: true });
  }
}
