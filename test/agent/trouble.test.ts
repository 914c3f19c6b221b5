import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askAgent, listOwned, recordsDirectory } from '../../src/agent/admin.ts';
import { runAgent } from '../../src/agent/agent.ts';
import { findCondition } from '../../src/api/condition.ts';
import { deviceResource } from '../../src/kube/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { providerService } from '../../src/provider/remote/provider-service.ts';
import { serveSocket, type SocketServer } from '../../src/provider/remote/server.ts';
import { countingClient } from './counting-client.ts';
import type { Cluster } from './cluster.ts';
import { TestNode, uuidsOf } from './harness.ts';
import { startAnotherCluster, startCluster } from './start-cluster.ts';
import { testLogger } from './test-logger.ts';
import { foreignUUID, gpu, gvt, testProfile } from './profiles.ts';

const small = 'i915-GVTg_V5_8';

describe('in trouble the agent', () => {
  let cluster: Cluster;
  let node: TestNode;
  let nodes = 0;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    nodes += 1;
    node = await TestNode.boot(cluster, `trouble-${nodes}`, testProfile());
  });
  afterEach(async () => {
    await node[Symbol.asyncDispose]();
  });
  const named = (name: string): string => `${name}-${nodes}`;

  it('writes the status of a device once, publishes parents seldom, and nothing while nothing changes', async () => {
    const { client, writes } = countingClient(cluster.client);
    await node.start(node.provider(), client);
    await node.remaining(gvt, `${small}=8 i915-GVTg_V5_4=4 i915-GVTg_V5_2=2`);
    await node.remaining('mtty', 'mtty-1=23 mtty-2=11');
    await node.parent('matrix', ({ status }) => status !== undefined);
    await node.parent(gpu, ({ status }) => status !== undefined);
    writes.clear();
    for (let index = 0; index < 8; index += 1) await node.create({ name: named(`d${index}`), parent: gvt, type: small });
    for (let index = 0; index < 8; index += 1) await node.ready(named(`d${index}`), 'Ready');
    await node.remaining(gvt, `${small}=0 i915-GVTg_V5_4=0 i915-GVTg_V5_2=0`);
    expect(writes.get('apply mdevdevices/status')).toBe(8);
    expect(writes.get('apply mdevparents/status')).toBeLessThan(8);
    expect([...writes.keys()].sort()).toEqual(['apply mdevdevices/status', 'apply mdevparents/status']);
    await node.stop();
    writes.clear();
    await node.start(node.provider(), client);
    // A change made now is seen after everything that was to be looked at before it.
    await node.create({ name: named('last'), parent: 'mtty', type: 'mtty-1' });
    await node.ready(named('last'), 'Ready');
    await node.remaining('mtty', 'mtty-1=22 mtty-2=11');
    expect(Object.fromEntries(writes)).toEqual({ 'apply mdevdevices/status': 1, 'apply mdevparents/status': 1 });
  });

  it('makes all devices again after a reboot, under their UUIDs, and tells of it once', async () => {
    await node.start();
    const before: (string | undefined)[] = [foreignUUID];
    for (const name of ['a', 'b', 'c']) {
      await node.create({ name: named(name), parent: gpu, type: 'nvidia-11' });
      before.push((await node.ready(named(name), 'Ready')).status?.uuid);
    }
    await node.stop();
    await node.reboot();
    await node.start();
    for (const name of ['a', 'b', 'c']) await node.device(named(name), ({ status }) => status?.vfio?.bootID === node.host.bootID);
    expect(uuidsOf(node.host)).toEqual(before.sort());
    await node.event('DeviceLost', node.name);
  });

  it('is not held up by a parent that hangs, and finishes the device when the kernel goes on', async () => {
    node.host.injectFault({ parent: gvt, operation: 'create', outcome: 'hang' });
    await node.start(node.provider(200));
    for (const name of ['h1', 'h2', 'h3', 'h4', 'h5', 'h6']) await node.create({ name: named(name), parent: gvt, type: small });
    const hanging = await node.ready(named('h1'), 'KernelBlocked');
    expect(findCondition(hanging.status?.conditions, 'Created')?.status).toBe('False');
    await node.create({ name: named('free'), parent: gpu, type: 'nvidia-11' });
    await node.ready(named('free'), 'Ready');
    node.host.clearFaults();
    for (const name of ['h1', 'h2', 'h3', 'h4', 'h5', 'h6']) await node.ready(named(name), 'Ready');
    expect(uuidsOf(node.host)).toHaveLength(8);
  });

  it('never removes a device that the kernel has not finished creating', async () => {
    node.host.injectFault({ parent: gvt, operation: 'create', outcome: 'hang' });
    await node.start(node.provider(200));
    await node.create({ name: named('half'), parent: gvt, type: small });
    await node.ready(named('half'), 'KernelBlocked');
    await node.delete(named('half'));
    await node.ready(named('half'), 'Deleting');
    node.host.clearFaults();
    await node.gone(named('half'));
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
  });

  it('touches nothing while the record cannot be written, and goes on when it can', async () => {
    await node.start();
    const uuid = 'abcdef00-0000-4000-8000-000000000002';
    const obstacle = join(recordsDirectory(node.dataDir), `${uuid}.json`);
    await mkdir(obstacle);
    await writeFile(join(obstacle, 'full'), '');
    await node.create({ name: named('full'), parent: gpu, type: 'nvidia-11', spec: { uuid } });
    await node.ready(named('full'), 'RecordFailed');
    expect(uuidsOf(node.host)).toEqual([foreignUUID]);
    await rm(obstacle, { recursive: true });
    await node.ready(named('full'), 'Ready');
  });

  it('sets an unreadable record aside, leaves its device alone until it is released, and then takes it for foreign', async () => {
    await node.start();
    await node.create({ name: named('torn'), parent: gpu, type: 'nvidia-11' });
    const { status } = await node.ready(named('torn'), 'Ready');
    const uuid = status?.uuid ?? '';
    await node.stop();
    await writeFile(join(recordsDirectory(node.dataDir), `${uuid}.json`), '{"version":1,');
    await node.start();
    await node.ready(named('torn'), 'RecordFailed');
    expect((await listOwned(node.dataDir)).map((entry) => 'unreadable' in entry)).toEqual([true]);
    expect(await askAgent(node.dataDir, uuid, { action: 'release' }, AbortSignal.timeout(5000))).toMatchObject({ done: true });
    await node.ready(named('torn'), 'ForeignDevice');
    expect(uuidsOf(node.host)).toContain(uuid);
  });

  it('costs no device when the API server is empty, and takes the devices back when their objects are', async () => {
    await node.start();
    const names = ['kept-a', 'kept-b'].map(named);
    const uuids: (string | undefined)[] = [];
    for (const name of names) {
      await node.create({ name, parent: gpu, type: 'nvidia-11' });
      uuids.push((await node.ready(name, 'Ready')).status?.uuid);
    }
    await node.stop();
    await using empty = await startAnotherCluster();
    const full = node.cluster;
    node.cluster = empty;
    const events: string[] = [];
    const unsubscribe = node.host.bus.uevents.subscribe(({ action }) => events.push(action));
    await node.start();
    const parent = await node.parent(gpu, ({ status }) => status?.devices?.length === 2);
    expect(parent.status?.devices?.map(({ orphaned }) => orphaned)).toEqual([true, true]);
    for (const name of names) await node.create({ name, parent: gpu, type: 'nvidia-11' });
    const again: (string | undefined)[] = [];
    for (const name of names) again.push((await node.ready(name, 'Ready')).status?.uuid);
    expect(again).toEqual(uuids);
    await node.parent(gpu, ({ status }) => status?.devices?.every(({ orphaned }) => orphaned === undefined) === true);
    expect(events).toEqual([]);
    unsubscribe();
    await node.stop();
    node.cluster = full;
  });

  it("is the administrator's hand on orphans: releases one, removes another, and refuses what has an object", async () => {
    await node.start();
    const uuids: string[] = [];
    for (const name of ['one', 'two', 'three']) {
      await node.create({ name: named(name), parent: gpu, type: 'nvidia-11' });
      uuids.push((await node.ready(named(name), 'Ready')).status?.uuid ?? '');
    }
    const [one = '', two = '', three = ''] = uuids;
    // Somebody takes the finalizers off by hand while the agent is away.
    await node.stop();
    for (const name of ['one', 'two']) {
      const key = { namespace: 'default', name: named(name) };
      const signal = AbortSignal.timeout(5000);
      await cluster.client.patch(deviceResource, key, 'merge', { metadata: { finalizers: null } }, {}, signal);
      await node.delete(named(name));
    }
    await node.start();
    await node.parent(gpu, ({ status }) => status?.devices?.filter(({ orphaned }) => orphaned).length === 2);
    const ask = (uuid: string, action: 'release' | 'remove'): Promise<{ done: boolean }> =>
      askAgent(node.dataDir, uuid, { action }, AbortSignal.timeout(5000));
    expect(await ask(three, 'remove')).toMatchObject({ done: false });
    expect(await ask(foreignUUID, 'remove')).toMatchObject({ done: false });
    expect(await ask(one, 'release')).toMatchObject({ done: true });
    expect(await ask(two, 'remove')).toMatchObject({ done: true });
    const parent = await node.parent(
      gpu,
      ({ status }) => status?.devices?.length === 2 && status.devices.every(({ orphaned }) => !orphaned),
    );
    expect(new Map(parent.status?.devices?.map(({ uuid, owner }) => [uuid, owner?.name]))).toEqual(
      new Map([
        [one, undefined],
        [three, named('three')],
      ]),
    );
    expect((await listOwned(node.dataDir)).map(({ uuid }) => uuid)).toEqual([three]);
  });

  it('is alone on its data directory', async () => {
    await node.start();
    const options = { client: cluster.client, provider: node.provider(), nodeName: node.name, dataDir: node.dataDir, adoptNamespaces: [] };
    const rest = { registerNode: true, clock: systemClock, random: Math.random, log: testLogger() };
    await expect(runAgent({ ...options, ...rest }, AbortSignal.timeout(5000))).rejects.toThrow('another agent');
  });

  describe('with the kernel behind a socket', () => {
    let directory: string;
    let socketPath: string;
    let server: SocketServer;
    const serve = async (): Promise<void> => {
      server = await serveSocket({ socketPath, services: [providerService(node.provider())], log: testLogger() });
    };
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'agent-socket-'));
      socketPath = join(directory, 'kernel.sock');
      await serve();
    });
    afterEach(async () => {
      await node.stop();
      await server[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    });

    it('leaves settled devices as they are while the kernel cannot be reached, and goes on by itself', async () => {
      await node.start(new RemoteProvider({ socketPath, clock: systemClock, log: testLogger() }));
      await node.create({ name: named('settled'), parent: gpu, type: 'nvidia-11' });
      const before = await node.ready(named('settled'), 'Ready');
      await server[Symbol.asyncDispose]();
      await node.create({ name: named('new'), parent: gpu, type: 'nvidia-11' });
      await node.ready(named('new'), 'ProviderUnavailable');
      const after = await node.ready(named('settled'), 'Ready');
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      await serve();
      await node.ready(named('new'), 'Ready');
    });

    it('makes all devices again when the kernel reboots under it', async () => {
      await node.start(new RemoteProvider({ socketPath, clock: systemClock, log: testLogger() }));
      for (const name of ['a', 'b']) await node.create({ name: named(name), parent: gpu, type: 'nvidia-11' });
      for (const name of ['a', 'b']) await node.ready(named(name), 'Ready');
      await server[Symbol.asyncDispose]();
      await node.reboot();
      await serve();
      for (const name of ['a', 'b']) await node.device(named(name), ({ status }) => status?.vfio?.bootID === node.host.bootID);
      expect(uuidsOf(node.host)).toHaveLength(3);
    });
  });
});
