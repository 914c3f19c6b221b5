import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { customResourceDefinitions } from '../../src/api/crds.ts';
import { startApiServer } from '../../src/apiserver/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Cluster } from './cluster.ts';
import { testLogger } from './test-logger.ts';

/**
 * An empty cluster for a test: an embedded API server in the test's own process, or, in `npm run test:cluster`, the real one, which one
 * test has at a time.
 */
export async function startCluster(): Promise<Cluster> {
  const real = sharedControlPlane();
  if (real === undefined) return startEmbeddedCluster();
  return (await import('../cluster/real-cluster.ts')).sharedCluster(real);
}

/** One beside that. */
export async function startAnotherCluster(): Promise<Cluster> {
  if (sharedControlPlane() === undefined) return startEmbeddedCluster();
  return (await import('../cluster/real-cluster.ts')).ownCluster(inject('binaries'), inject('emulatedVersion'));
}

function sharedControlPlane(): string | undefined {
  return inject('realKubeconfig' as never);
}

async function startEmbeddedCluster(): Promise<Cluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'agent-cluster-'));
  const crds = [...customResourceDefinitions().values()] as unknown as Parameters<typeof startApiServer>[0]['crds'];
  const server = await startApiServer({ dataDir, host: '127.0.0.1', port: 0, crds, clock: systemClock, log: testLogger() });
  return new Cluster(server, dataDir);
}
