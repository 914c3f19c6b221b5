/**
 * An agent as a process of its own that dies at a chosen point, as by kill -9: before or after its n-th call that changes
 * something in the kernel. Its only argument is the JSON of ProcessInit.
 */
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { runAgent } from '../../src/agent/agent.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { MdevProvider } from '../../src/provider/contract.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';

export interface ProcessInit {
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly socketPath: string;
  /** Which changing call, from 1 on, and on which side of it; never, if left out. */
  readonly die?: { readonly call: number; readonly side: 'before' | 'after' };
}

function mortal(provider: MdevProvider, die: ProcessInit['die']): MdevProvider {
  let calls = 0;
  const changing = async <T>(call: () => Promise<T>): Promise<T> => {
    calls += 1;
    const last = calls === die?.call;
    if (last && die.side === 'before') process.kill(process.pid, 'SIGKILL');
    const result = await call();
    if (last) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  return {
    info: (signal) => provider.info(signal),
    listParents: (signal) => provider.listParents(signal),
    getParent: (name, signal) => provider.getParent(name, signal),
    listDevices: (signal) => provider.listDevices(signal),
    getDevice: (id, signal) => provider.getDevice(id, signal),
    create: (request, signal) => changing(() => provider.create(request, signal)),
    remove: (id, signal) => changing(() => provider.remove(id, signal)),
    setAttribute: (id, name, value, signal) => changing(() => provider.setAttribute(id, name, value, signal)),
    readAttributes: (id, signal) => provider.readAttributes(id, signal),
    setOnline: (id, online, signal) => changing(() => provider.setOnline(id, online, signal)),
    setGroup: (ids, signal) => changing(() => provider.setGroup(ids, signal)),
    users: (id, signal) => provider.users(id, signal),
    listUses: (signal) => provider.listUses(signal),
    watch: (signal) => provider.watch(signal),
    close: () => provider.close(),
  };
}

const [, , text = '{}'] = process.argv;
const { kubeconfig, nodeName, dataDir, socketPath, die } = JSON.parse(text) as ProcessInit;
const log = pino({ level: 'silent' });
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
await runAgent(
  {
    client: new HttpClient({ config, clock: systemClock, userAgent: 'mdev-operator-test' }),
    provider: mortal(new RemoteProvider({ socketPath, clock: systemClock, log }), die),
    nodeName,
    dataDir,
    adoptNamespaces: [],
    registerNode: true,
    nodeLease: false,
    clock: systemClock,
    random: Math.random,
    log,
    onSynced: () => process.stdout.write('synced\n'),
  },
  new AbortController().signal,
);
