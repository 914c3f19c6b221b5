import { KubeConfig } from '@kubernetes/client-node';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HttpClient } from '../../../src/kube/http-client.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { TestNode } from '../../agent/harness.ts';
import { testProfile } from '../../agent/profiles.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { Bench } from '../../controller/harness.ts';
import { isReady } from './fault-site.ts';

let cluster: Cluster;
let node: TestNode;
let directory: string;

beforeEach(async () => {
  cluster = await startCluster();
  node = await TestNode.boot(cluster, 'node', testProfile());
  directory = await mkdtemp(join(tmpdir(), 'token-'));
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
  await cluster[Symbol.asyncDispose]();
});

it('an agent whose token has expired goes on as soon as its file holds a new one, without being started anew', async () => {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const valid = config.getCurrentUser()?.token ?? '';
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, 'expired');
  const server = config.getCurrentCluster();
  if (server === null) throw new Error('the kubeconfig names no cluster');
  const context = { name: 'c', cluster: server.name, user: 'agent' };
  const authProvider = { name: 'tokenFile', config: { tokenFile } };
  config.loadFromOptions({ clusters: [server], users: [{ name: 'agent', authProvider }], contexts: [context], currentContext: 'c' });
  const refused: number[] = [];
  const onRequest = ({ code }: { code: number }): void => {
    if (code === 401) refused.push(code);
  };
  const client = new HttpClient({ config, clock: systemClock, userAgent: 'agent', onRequest });
  const started = node.start(node.provider(), client);
  await expect.poll(() => refused.length, { timeout: 10_000 }).toBeGreaterThan(1);
  await writeFile(tokenFile, valid);
  await started;
  const bench = Bench.on(cluster);
  await bench.startController();
  await bench.create('device', { type: { id: 'mtty-1' } });
  await bench.device('device', isReady);
  await bench.stopController();
  await node.stop();
  await client.close();
});
