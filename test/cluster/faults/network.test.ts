/** A bad way to the API server, for agent and controller alike: the tests' proxy cuts, refuses, delays and loses. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceResource } from '../../../src/kube/resource.ts';
import { Cluster } from '../../agent/cluster.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { ApiProxy, type Passing } from './api-proxy.ts';
import { FaultSite } from './fault-site.ts';

const names = Array.from({ length: 6 }, (_, index) => `d${index}`);

/** A request of agent or controller, and not of the test itself. */
function isOurs({ userAgent }: Passing): boolean {
  return userAgent !== 'mdev-operator-test';
}

function isDeviceWrite(passing: Passing): boolean {
  return isOurs(passing) && passing.method !== 'GET' && passing.path.includes('mdevdevices');
}

describe('all devices are made once', () => {
  let cluster: Cluster;
  let proxy: ApiProxy;
  /** The cluster as it is seen through the proxy. */
  let behind: Cluster;
  let site: FaultSite | undefined;

  beforeEach(async () => {
    cluster = await startCluster();
    proxy = await ApiProxy.start(cluster.kubeconfig);
    const kubeconfigPath = join(cluster.dataDir, 'proxy.kubeconfig');
    await proxy.writeKubeconfig(kubeconfigPath);
    behind = new Cluster({ kubeconfigPath, close: () => Promise.resolve() }, `${cluster.dataDir}/none`);
  });
  afterEach(async () => {
    proxy.fate = () => undefined;
    await site?.[Symbol.asyncDispose]();
    await behind.client.close();
    await proxy[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  /** @param requestTimeout of the agent, ms */
  async function start(requestTimeout?: number): Promise<FaultSite> {
    site = await FaultSite.start(behind, ['far'], { agentClient: proxy.client(requestTimeout) });
    return site;
  }

  it('when every watch is cut in the midst of an event', async () => {
    const far = await start();
    // A little more every time, so that there is progress in the end.
    let bytes = 300;
    proxy.fate = (passing) => (isOurs(passing) && passing.isWatch && bytes < 60_000 ? { kind: 'shorten', bytes: (bytes *= 2) } : undefined);
    proxy.breakConnections();
    await far.create(names);
    await far.ready(names);
    await far.whole();
    await far.bench.delete('d0');
    await far.bench.gone('d0');
    await far.whole();
  });

  it('when the server refuses writes with 429 for a while, which are not repeated before the time that it asks for', async () => {
    const far = await start();
    proxy.fate = (passing) => (isDeviceWrite(passing) ? { kind: 'refuse', code: 429, headers: { 'retry-after': '3' } } : undefined);
    await far.create(names);
    const refused = (): number => proxy.passed.filter(isDeviceWrite).length;
    await expect.poll(refused, { timeout: 10_000 }).toBeGreaterThanOrEqual(names.length);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(refused()).toBe(names.length);
    proxy.fate = () => undefined;
    await far.ready(names);
    await far.whole();
  });

  it('when answers are lost though the request was carried out, and others come too late', async () => {
    const far = await start(500);
    let count = 0;
    proxy.fate = (passing) => {
      if (!isOurs(passing) || passing.isWatch || !passing.path.includes('mdev')) return undefined;
      count += 1;
      if (count > 60) return undefined;
      return count % 3 === 0 ? { kind: 'lose' } : count % 3 === 1 ? { kind: 'delay', ms: 800 } : undefined;
    };
    await far.create(names);
    await far.ready(names);
    await far.whole();
  });

  it('when somebody else changes the objects all the time', async () => {
    const far = await start();
    const stop = new AbortController();
    let written = 0;
    const meddle = async (name: string): Promise<void> => {
      while (!stop.signal.aborted) {
        const patch = { metadata: { labels: { meddled: String((written += 1)) } } };
        await cluster.client.patch(deviceResource, { namespace: 'default', name }, 'merge', patch, {}, AbortSignal.timeout(5000));
      }
    };
    await far.create(names);
    const meddling = names.map(meddle);
    await far.ready(names);
    stop.abort();
    await Promise.all(meddling);
    expect(written).toBeGreaterThan(names.length);
    await far.whole();
    for (const name of names) await far.bench.delete(name);
    for (const name of names) await far.bench.gone(name);
    await far.whole();
  });
});
