import { KubeConfig } from '@kubernetes/client-node';
import { pino, type Logger } from 'pino';
import { runAgent } from '../../src/agent/agent.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { MdevProvider } from '../../src/provider/contract.ts';

export interface DoomedInit {
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly dataDir: string;
}

/** What is done around the agent's calls, for it to be killed there. */
export interface Doom {
  readonly provider: (log: Logger) => MdevProvider;
  readonly client?: (client: KubeClient) => KubeClient;
  readonly onSynced?: () => void;
}

/** An agent that is all that its process does, until that is killed. */
export async function runDoomedAgent({ kubeconfig, nodeName, dataDir }: DoomedInit, { provider, client, onSynced }: Doom): Promise<void> {
  const log = pino({ level: 'silent' });
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const plain = new HttpClient({ config, clock: systemClock, userAgent: 'mdev-operator-test' });
  await runAgent(
    {
      client: client?.(plain) ?? plain,
      provider: provider(log),
      nodeName,
      dataDir,
      adoptNamespaces: [],
      registerNode: true,
      nodeLease: false,
      clock: systemClock,
      random: Math.random,
      log,
      ...(onSynced !== undefined && { onSynced }),
    },
    new AbortController().signal,
  );
}

/** The provider, with every call that changes something in the kernel made by `change`. */
export function withChanges(provider: MdevProvider, change: <T>(id: string, call: () => Promise<T>) => Promise<T>): MdevProvider {
  return {
    info: (signal) => provider.info(signal),
    listParents: (signal) => provider.listParents(signal),
    getParent: (name, signal) => provider.getParent(name, signal),
    listDevices: (signal) => provider.listDevices(signal),
    getDevice: (id, signal) => provider.getDevice(id, signal),
    create: (request, signal) => change(request.id, () => provider.create(request, signal)),
    remove: (id, signal) => change(id, () => provider.remove(id, signal)),
    setAttribute: (id, name, value, signal) => change(id, () => provider.setAttribute(id, name, value, signal)),
    readAttributes: (id, signal) => provider.readAttributes(id, signal),
    setOnline: (id, online, signal) => change(id, () => provider.setOnline(id, online, signal)),
    setGroup: (ids, signal) => change(ids.join(), () => provider.setGroup(ids, signal)),
    users: (id, signal) => provider.users(id, signal),
    listUses: (signal) => provider.listUses(signal),
    watch: (signal) => provider.watch(signal),
    close: () => provider.close(),
  };
}
