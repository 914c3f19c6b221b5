/** A second agent for a node, by mistake: as when its data directory was moved, or two DaemonSets select one node. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAgent, type AgentOptions } from '../../../src/agent/agent.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { TestNode, uuidsOf } from '../../agent/harness.ts';
import { foreignUUID, testProfile } from '../../agent/profiles.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { testLogger } from '../../agent/test-logger.ts';
import { ApiProxy } from './api-proxy.ts';

/** A clock by which a Lease of 40 s is over in one. */
const fast = 40;
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => systemClock.monotonic() * fast,
  setTimeout: (callback, delay) => systemClock.setTimeout(callback, delay / fast),
};

describe('a second agent for a node', () => {
  let cluster: Cluster;
  let node: TestNode;
  let dataDirs: string[];
  let running: { readonly stop: AbortController; readonly done: Promise<unknown> }[];

  beforeEach(async () => {
    cluster = await startCluster();
    node = await TestNode.boot(cluster, 'node', testProfile());
    dataDirs = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'agent-'))));
    running = [];
  });
  afterEach(async () => {
    await end();
    await node[Symbol.asyncDispose]();
    for (const dataDir of dataDirs) await rm(dataDir, { recursive: true });
    await cluster[Symbol.asyncDispose]();
  });

  async function end(): Promise<void> {
    for (const { stop, done } of running.splice(0)) {
      stop.abort();
      await Promise.allSettled([done]);
    }
  }

  /** Starts one; resolves when it has read everything, and rejects when it refuses to. `done` is its end. */
  async function start(dataDir: string, client = cluster.client): Promise<{ done: Promise<void> }> {
    const synced = Promise.withResolvers<undefined>();
    const options: AgentOptions = {
      client,
      provider: node.provider(),
      nodeName: node.name,
      dataDir,
      adoptNamespaces: [],
      registerNode: true,
      recheckInterval: 200,
      clock,
      random: () => 0.5,
      log: testLogger(),
      onSynced: () => synced.resolve(undefined),
    };
    const stop = new AbortController();
    const done = runAgent(options, stop.signal);
    running.push({ stop, done });
    await Promise.race([synced.promise, done]);
    return { done };
  }

  it('is refused on the same data directory, and on another one as long as the first lives', async () => {
    await start(dataDirs[0] ?? '');
    await node.create({ name: 'device', parent: 'mtty', type: 'mtty-1' });
    const { status, metadata } = await node.ready('device', 'Ready');
    await expect(start(dataDirs[0] ?? '')).rejects.toThrow(`another agent runs on ${dataDirs[0] ?? ''}`);
    await expect(start(dataDirs[1] ?? '')).rejects.toThrow('for node node, with another data directory');
    expect(uuidsOf(node.host)).toEqual([foreignUUID, status?.uuid].sort());
    expect((await node.ready('device', 'Ready')).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  it('takes over when the first is cut off for long, which then ends instead of coming back', async () => {
    await using proxy = await ApiProxy.start(cluster.kubeconfig);
    const first = await start(dataDirs[0] ?? '', proxy.client());
    const ended = expect(first.done).rejects.toThrow('taken over by somebody else');
    await expect.poll(() => proxy.passed.some(({ path }) => path.includes('/leases/')), { timeout: 5000 }).toBe(true);
    proxy.fate = () => ({ kind: 'cut' });
    await start(dataDirs[1] ?? '');
    proxy.fate = () => undefined;
    await ended;
  });
});
