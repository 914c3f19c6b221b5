import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServerThread } from '../../../src/cli/api-server-thread.ts';
import { Cluster } from '../../agent/cluster.ts';
import { repository } from '../../support/operator-command.ts';

const crdFolder = new URL('crds/', repository).href;

/** One whose API server has a thread of its own: Node.js reads its sources much faster than Vitest, which counts under emulation. */
export async function startClusterThread(): Promise<Cluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'agent-cluster-'));
  const server = await startApiServerThread({ dataDir, host: '127.0.0.1', port: 0, crdFolder, logLevel: 'silent' });
  return new Cluster(server, dataDir);
}
