import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { providerService } from '../../src/provider/remote/provider-service.ts';
import { serveSocket, type SocketServer } from '../../src/provider/remote/server.ts';
import type { ProcessInit } from './agent-process.ts';
import type { Cluster } from './cluster.ts';
import { TestNode, uuidsOf } from './harness.ts';
import { startCluster } from './start-cluster.ts';
import { testLogger } from './test-logger.ts';
import { foreignUUID, matrix, testProfile } from './profiles.ts';

const attributes = [
  { name: 'assign_adapter', value: '5' },
  { name: 'assign_domain', value: '4' },
];
const written = '05.0004';

describe('an agent that is killed', () => {
  let cluster: Cluster;
  let node: TestNode;
  let server: SocketServer;
  let directory: string;
  let socketPath: string;
  let nodes = 0;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    nodes += 1;
    node = await TestNode.boot(cluster, `crash-${nodes}`, testProfile());
    directory = await mkdtemp(join(tmpdir(), 'agent-socket-'));
    socketPath = join(directory, 'kernel.sock');
    server = await serveSocket({ socketPath, services: [providerService(node.provider())], log: testLogger() });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await node[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  function launch(die?: ProcessInit['die']): { child: ChildProcess; exited: Promise<unknown> } {
    const init: ProcessInit = {
      kubeconfig: cluster.kubeconfig,
      nodeName: node.name,
      dataDir: node.dataDir,
      socketPath,
      ...(die === undefined ? {} : { die }),
    };
    const script = new URL('./agent-process.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, JSON.stringify(init)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(child);
    return { child, exited: once(child, 'exit') };
  }

  async function startAgain(): Promise<void> {
    await node.start(new RemoteProvider({ socketPath, clock: systemClock, log: testLogger() }));
  }

  async function expectOneWholeDevice(name: string): Promise<void> {
    const { status } = await node.ready(name, 'Ready');
    expect(uuidsOf(node.host)).toEqual([foreignUUID, status?.uuid].sort());
    const shown = await node.provider().readAttributes(status?.uuid ?? '', AbortSignal.timeout(1000));
    expect(shown.find((attribute) => attribute.name === 'matrix')?.value).toBe(written);
  }

  it.each([
    { call: 1, side: 'before', what: 'the create' },
    { call: 1, side: 'after', what: 'the create' },
    { call: 2, side: 'before', what: 'the first attribute' },
    { call: 2, side: 'after', what: 'the first attribute' },
    { call: 3, side: 'after', what: 'the last attribute' },
  ] as const)('$side $what makes one whole device when it comes back', async ({ call, side }) => {
    const name = `device-${nodes}`;
    await node.create({ name, parent: matrix, type: 'vfio_ap-passthrough', spec: { attributes } });
    await launch({ call, side }).exited;
    await startAgain();
    await expectOneWholeDevice(name);
    await node.delete(name);
    await node.gone(name);
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
  });

  it.each(['before', 'after'] as const)('%s the removal removes the device when it comes back', async (side) => {
    const name = `device-${nodes}`;
    await startAgain();
    await node.create({ name, parent: matrix, type: 'vfio_ap-passthrough', spec: { attributes } });
    await expectOneWholeDevice(name);
    await node.stop();
    await node.delete(name);
    await launch({ call: 1, side }).exited;
    await startAgain();
    await node.gone(name);
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
  });

  it('at any moment of many creates makes each device once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `many-${nodes}-${index}`);
    for (const name of names) await node.create({ name, parent: 'mtty', type: 'mtty-1' });
    for (const call of [3, 4, 5]) await launch({ call, side: call % 2 === 0 ? 'before' : 'after' }).exited;
    await startAgain();
    const uuids: (string | undefined)[] = [];
    for (const name of names) uuids.push((await node.ready(name, 'Ready')).status?.uuid);
    expect(uuidsOf(node.host)).toEqual([foreignUUID, ...uuids].sort());
  });
});
