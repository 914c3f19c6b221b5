import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '../../src/kube/client.ts';
import { deviceResource, nodeResource } from '../../src/kube/resource.ts';
import { clientFor } from '../../test/support/cluster-client.ts';
import { freePort } from '../../test/support/free-port.ts';
import { inLanes } from '../device-objects.ts';
import { requestsByVerb } from '../metrics-reader.ts';
import { residentKiB } from '../processes.ts';
import type { AgentsInit, AgentsMessage } from './agents.ts';
import { startRealCluster, type RealCluster } from './real-cluster.ts';
import { ReadyWatch } from './ready-watch.ts';
import { costOf, createDevice, deviceName, lanes, namespace, settles, type Cost, type Side } from './side.ts';
import { nodeName, profileText, spareType, type ClusterSize } from './size.ts';

/** Requests to the API server by verb and resource, such as `apply mdevdevices`. */
export type Requests = ReadonlyMap<string, number>;

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const collects = ['--expose-gc', '--import', new URL('../collect-on-signal.ts', import.meta.url).href];
/** The operator on a cluster: a controller, one agent in a process as a node has it, and the other nodes' agents together in one. */
export class OperatorSide implements Side {
  readonly #cluster: RealCluster;
  readonly #client: KubeClient;
  readonly #watch: ReadyWatch;
  readonly #processes: Processes;
  readonly #size: ClusterSize;

  private constructor(cluster: RealCluster, client: KubeClient, watch: ReadyWatch, processes: Processes, size: ClusterSize) {
    this.#cluster = cluster;
    this.#client = client;
    this.#watch = watch;
    this.#processes = processes;
    this.#size = size;
  }

  static async start(bin: string, size: ClusterSize): Promise<OperatorSide> {
    const cluster = await startRealCluster(bin);
    const client = clientFor(cluster.kubeconfig);
    await client.create(nodeResource, { metadata: { name: nodeName(0) } }, {}, cluster.signal);
    const processes = await startProcesses(cluster.kubeconfig, size);
    return new OperatorSide(cluster, client, await ReadyWatch.open(client, cluster.signal), processes, size);
  }

  publish(from: number, to: number): Promise<Cost> {
    return costOf(this.#cluster, async () => {
      await inLanes(to - from, lanes, async (index) => {
        await createDevice(this.#client, from + index, {}, this.#cluster.signal);
      });
      await this.#watch.whenReady(to);
    });
  }

  async ready(number: number): Promise<number> {
    const name = deviceName(number);
    const begin = performance.now();
    // Each time another node, whose agent has had nothing to do.
    const spec = { type: { id: spareType }, nodeName: nodeName(1 + (number % (this.#size.nodes - 1))) };
    await createDevice(this.#client, number, spec, this.#cluster.signal);
    await this.#watch.whenOneIsReady(name);
    const time = performance.now() - begin;
    await this.#client.delete(deviceResource, { namespace, name }, {}, this.#cluster.signal);
    await this.#watch.whenGone(name);
    await new Promise((resolve) => setTimeout(resolve, settles));
    return time;
  }

  /** What controller and agents have asked of the API server so far. */
  async requests(): Promise<Requests> {
    return this.#processes.requests();
  }

  /** Of the controller and of the one agent, KiB. */
  async resident(): Promise<{ readonly controller: number; readonly agent: number }> {
    const { controller, agent } = this.#processes;
    return { controller: await residentKiB(controller.pid ?? 0), agent: await residentKiB(agent.pid ?? 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes.end();
    await this.#client.close();
    await this.#cluster[Symbol.asyncDispose]();
  }
}

interface Processes {
  readonly controller: ChildProcess;
  readonly agent: ChildProcess;
  requests(): Promise<Requests>;
  end(): Promise<void>;
}

async function startProcesses(kubeconfig: string, size: ClusterSize): Promise<Processes> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mdev-bench-'));
  const profile = profileText(size);
  const socket = join(dataDir, 'emulator.sock');
  const profileFile = join(dataDir, 'profile.yaml');
  await writeFile(profileFile, profile);
  const ports = { controller: await freePort(), agent: await freePort() };
  const flags = (name: string): string[] => ['--disable-warning=ExperimentalWarning', ...profiling(name)];
  const emulator = fork(main, ['emulator', '--socket', socket, '--profile', profileFile, '--log-level', 'error'], {
    execArgv: flags('emulator'),
  });
  await once(emulator, 'message');
  const common = ['--kubeconfig', kubeconfig, '--log-level', 'error'];
  const controller = fork(main, ['controller', ...common, '--metrics-listen', `127.0.0.1:${ports.controller}`], {
    execArgv: [...flags('controller'), ...collects],
  });
  const ofNode = ['--node-name', nodeName(0), '--emulator', socket, '--data-dir', join(dataDir, nodeName(0))];
  const agent = fork(main, ['agent', ...common, ...ofNode, '--metrics-listen', `127.0.0.1:${ports.agent}`], {
    // As deploy/base/agent.yaml runs it.
    execArgv: [...flags('agent'), '--max-semi-space-size=2', ...collects],
  });
  const init: AgentsInit = {
    kubeconfig,
    nodes: Array.from({ length: size.nodes - 1 }, (_, index) => nodeName(index + 1)),
    profile,
    dataDir,
  };
  const agents = fork(new URL('./agents.ts', import.meta.url), [JSON.stringify(init)], { execArgv: flags('agents') });
  const children = [agents, agent, controller, emulator];
  // Whoever ends this ends them; a process of the operator does not follow its parent.
  process.once('exit', () => {
    for (const child of children) child.kill();
  });
  await message(agents, 'synced');
  return {
    controller,
    agent,
    async requests() {
      agents.send('requests');
      const { requests } = await message(agents, 'requests');
      const total = new Map(Object.entries(requests));
      for (const port of Object.values(ports))
        for (const [what, count] of await requestsByVerb(port)) total.set(what, (total.get(what) ?? 0) + count);
      return total;
    },
    async end() {
      for (const child of children) {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      await rm(dataDir, { recursive: true });
    },
  };
}

/** With BENCH_CPU_PROFILES=DIR, every process of the operator leaves a profile there. */
function profiling(name: string): string[] {
  const folder = process.env['BENCH_CPU_PROFILES'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`];
}

/** The next message of this type; fails when the process ends. */
async function message<Type extends AgentsMessage['type']>(
  child: ChildProcess,
  type: Type,
): Promise<AgentsMessage & { readonly type: Type }> {
  return new Promise((resolve, reject) => {
    const onMessage = (received: unknown): void => {
      if ((received as AgentsMessage).type !== type) return;
      child.off('message', onMessage).off('exit', onExit);
      resolve(received as AgentsMessage & { readonly type: Type });
    };
    const onExit = (code: number | null): void => reject(new Error(`The agents ended (${code ?? 'by a signal'})`));
    child.on('message', onMessage).once('exit', onExit);
  });
}
