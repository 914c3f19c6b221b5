/** Etcd has forgotten what somebody goes on from: 410, in the midst of a watch and of a list. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mdevDeviceSchema, type MdevDevice } from '../../../src/api/mdev-device.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { deviceResource } from '../../../src/kube/resource.ts';
import { Store } from '../../../src/kube/store.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { Cluster } from '../../agent/cluster.ts';
import { testLogger } from '../../agent/test-logger.ts';
import { Bench } from '../../controller/harness.ts';
import type { ControlPlane } from '../control-plane.ts';
import { compactEtcd } from '../etcd.ts';
import { empty } from '../real-cluster.ts';
import { ApiProxy } from './api-proxy.ts';
import { FaultSite } from './fault-site.ts';
import { startAgain, startOwnControlPlane } from './own-control-plane.ts';

let controlPlane: ControlPlane;
let cluster: Cluster;
let tries = 0;

beforeAll(async () => {
  ({ controlPlane, cluster } = await startOwnControlPlane());
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});
beforeEach(async () => {
  tries += 1;
  await empty(cluster);
});

const names = (count: number, prefix = 'd'): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}-${tries}`);

/** Without history in etcd, and without the one that the API server holds itself. */
async function forgetHistory(): Promise<void> {
  await compactEtcd(controlPlane.etcdURL);
  await controlPlane.apiServer.kill();
  await startAgain(controlPlane);
}

describe('after etcd was compacted', () => {
  it('what changed while agent and controller watched nothing is seen: their watches are too old, and they list anew', async () => {
    await using proxy = await ApiProxy.start(cluster.kubeconfig);
    const kubeconfigPath = join(cluster.dataDir, `proxy-${tries}.kubeconfig`);
    await proxy.writeKubeconfig(kubeconfigPath);
    const behind = new Cluster({ kubeconfigPath, close: () => Promise.resolve() }, `${cluster.dataDir}/none-${tries}`);
    const site = await FaultSite.start(behind, [`forgotten-${tries}`], { agentClient: proxy.client() });
    try {
      const first = names(4);
      await site.create(first);
      await site.ready(first);
      // One failure each, and no answer to the next try: after a second failure they would list anew without being told to.
      const goOn = Promise.withResolvers<undefined>();
      proxy.fate = () => ({ kind: 'hold', until: goOn.promise });
      proxy.breakConnections();
      const second = names(4, 'e');
      // The test's own way to the server is not cut off.
      const bench = Bench.on(cluster);
      for (const name of second) await bench.create(name, { type: { id: 'mtty-1' } });
      await bench.delete(first[1] ?? '');
      await forgetHistory();
      proxy.fate = () => undefined;
      goOn.resolve(undefined);
      await site.ready([...first.filter((_, index) => index !== 1), ...second]);
      await site.bench.gone(first[1] ?? '');
      expect(proxy.expired).toBeGreaterThan(0);
      await site.whole();
    } finally {
      await site[Symbol.asyncDispose]();
      await behind.client.close();
    }
  });

  it('a list that has got its first page begins again, and has what came and not what went between', async () => {
    await using proxy = await ApiProxy.start(cluster.kubeconfig);
    const bench = Bench.on(cluster);
    const [went = '', ...stays] = names(5);
    for (const name of [went, ...stays]) await bench.create(name, { type: { id: 'mtty-1' } });
    const goOn = Promise.withResolvers<undefined>();
    const held: string[] = [];
    proxy.fate = ({ path }) => {
      if (!path.includes('continue=') || held.length > 0) return undefined;
      held.push(path);
      return { kind: 'hold', until: goOn.promise };
    };
    const store = new Store<MdevDevice>({});
    const reflector = new Reflector({
      client: proxy.client(),
      resource: deviceResource,
      parse: (object) => mdevDeviceSchema.parse(object),
      store,
      onChange: () => undefined,
      clock: systemClock,
      random: () => 0.5,
      log: testLogger(),
      pageSize: 2,
    });
    const stop = new AbortController();
    const running = reflector.run(stop.signal);
    try {
      await expect.poll(() => held.length, { timeout: 10_000 }).toBe(1);
      await bench.create('came', { type: { id: 'mtty-1' } });
      await bench.delete(went);
      await forgetHistory();
      expect(reflector.synced).toBe(false);
      goOn.resolve(undefined);
      await reflector.whenSynced(AbortSignal.timeout(20_000));
    } finally {
      stop.abort();
      await running;
    }
    expect(proxy.expired).toBe(1);
    expect(
      store
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(['came', ...stays].sort());
  });
});
