import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '../../src/api/crds.ts';
import { startApiServer } from '../../src/apiserver/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Cluster } from './cluster.ts';
import { testLogger } from './test-logger.ts';

/** One whose API server runs in the test's own process. */
export async function startCluster(): Promise<Cluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'agent-cluster-'));
  const crds = [...customResourceDefinitions().values()] as unknown as Parameters<typeof startApiServer>[0]['crds'];
  const server = await startApiServer({ dataDir, host: '127.0.0.1', port: 0, crds, clock: systemClock, log: testLogger() });
  return new Cluster(server, dataDir);
}
