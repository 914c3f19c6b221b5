// The agents of many nodes in one process, each with an emulated kernel, a client and watches of its own: `node agents.ts JSON`, an AgentsInit.
// Tells its parent when all have read everything, and, asked, which requests they have made. Ends with its parent.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { runAgent } from '../../src/agent/agent.ts';
import { bootHost } from '../../src/emulator/host.ts';
import { parseProfile } from '../../src/emulator/profile.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { EmulatedProvider } from '../../src/provider/emulated/provider.ts';

export interface AgentsInit {
  readonly kubeconfig: string;
  readonly nodes: readonly string[];
  /** The profile of each node's kernel. */
  readonly profile: string;
  readonly dataDir: string;
}

/** What it tells: `synced` once, `requests` when asked: how many by verb and resource, such as `apply mdevdevices`. */
export type AgentsMessage =
  { readonly type: 'synced' } | { readonly type: 'requests'; readonly requests: Readonly<Record<string, number>> };

const { kubeconfig, nodes, profile: profileYAML, dataDir } = JSON.parse(process.argv[2] ?? '{}') as AgentsInit;
const log = pino({ level: process.env['LOG_LEVEL'] ?? 'error' }, pino.destination(2));
const profile = parseProfile(profileYAML);
const requests: Record<string, number> = {};
const stop = new AbortController();
const tell = (message: AgentsMessage): void => void process.send?.(message);

async function runNode(nodeName: string, onSynced: () => void): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const onRequest = ({ verb, resource }: { verb: string; resource: string }): void => {
    const key = `${verb} ${resource}`;
    requests[key] = (requests[key] ?? 0) + 1;
  };
  const client = new HttpClient({ config, clock: systemClock, userAgent: 'mdev-operator-agent', onRequest });
  const host = await bootHost(profile, { clock: systemClock, report: () => undefined });
  const provider = new EmulatedProvider({ host, clock: systemClock, log });
  const own = join(dataDir, nodeName);
  await mkdir(own);
  const options = { client, provider, nodeName, dataDir: own, adoptNamespaces: [], registerNode: true };
  await runAgent({ ...options, clock: systemClock, random: Math.random, log, onSynced }, stop.signal);
  await client.close();
}

process.on('message', () => tell({ type: 'requests', requests }));
process.once('disconnect', () => process.exit());
process.once('SIGTERM', () => stop.abort());
let left = nodes.length;
const running: Promise<void>[] = [];
for (const node of nodes) {
  // One after the other, as nodes come up, and not all on the same beat.
  const synced = Promise.withResolvers<undefined>();
  running.push(runNode(node, () => synced.resolve(undefined)));
  await Promise.race([synced.promise, ...running]);
  left -= 1;
  if (left === 0) tell({ type: 'synced' });
}
await Promise.all(running);
process.exit();
