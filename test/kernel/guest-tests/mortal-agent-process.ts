/**
 * An agent on this machine's kernel, as a process of its own, that is killed with each of its devices at another point: with those that
 * are at theirs it goes no further, and when all are, it kills itself. Its standard input is the JSON of MortalInit, in a line.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { runAgent } from '../../../src/agent/agent.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { HttpClient } from '../../../src/kube/http-client.ts';
import { deviceResource, type ResourceRef } from '../../../src/kube/resource.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { MdevProvider } from '../../../src/provider/contract.ts';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';
import { chooseDeaths, reached, type Death } from './death-points.ts';

export interface MortalInit {
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly deaths: readonly Death[];
}

const { value: line = '' } = (await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()) as { value?: string };
const { kubeconfig, nodeName, dataDir, deaths } = JSON.parse(line) as MortalInit;
chooseDeaths(deaths);

const never = new Promise<never>(() => undefined);

/** Makes the call, unless the device's point is before it; does not come back from it if that is after it. */
async function deadly<T>(layer: 'provider' | 'api', death: Death | undefined, call: () => Promise<T>): Promise<T> {
  const at = death?.die.in === layer ? death.die.at : undefined;
  if (death === undefined || at === undefined) return call();
  if (at === 'after') await call();
  reached(death);
  return never;
}

function mortalProvider(provider: MdevProvider): MdevProvider {
  const changing = <T>(id: string, call: () => Promise<T>): Promise<T> =>
    deadly(
      'provider',
      deaths.find(({ uuid }) => uuid === id),
      call,
    );
  return {
    info: (signal) => provider.info(signal),
    listParents: (signal) => provider.listParents(signal),
    getParent: (name, signal) => provider.getParent(name, signal),
    listDevices: (signal) => provider.listDevices(signal),
    getDevice: (id, signal) => provider.getDevice(id, signal),
    create: (request, signal) => changing(request.id, () => provider.create(request, signal)),
    remove: (id, signal) => changing(id, () => provider.remove(id, signal)),
    setAttribute: (id, name, value, signal) => provider.setAttribute(id, name, value, signal),
    readAttributes: (id, signal) => provider.readAttributes(id, signal),
    setOnline: (id, online, signal) => provider.setOnline(id, online, signal),
    setGroup: (ids, signal) => provider.setGroup(ids, signal),
    users: (id, signal) => provider.users(id, signal),
    listUses: (signal) => provider.listUses(signal),
    watch: (signal) => provider.watch(signal),
    close: () => provider.close(),
  };
}

function mortalClient(client: KubeClient): KubeClient {
  const writing = <T>(resource: ResourceRef, object: string, call: () => Promise<T>): Promise<T> =>
    deadly('api', resource === deviceResource ? deaths.find(({ name }) => name === object) : undefined, call);
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    watch: (...args) => client.watch(...args),
    close: () => client.close(),
    create: (...args) => client.create(...args),
    replace: (...args) => client.replace(...args),
    delete: (...args) => client.delete(...args),
    apply: (resource, key, ...args) => writing(resource, key.name, () => client.apply(resource, key, ...args)),
    patch: (resource, key, ...args) => writing(resource, key.name, () => client.patch(resource, key, ...args)),
  };
}

setInterval(() => {
  if (deaths.every(({ marks }) => existsSync(join(marks, 'reached')))) process.kill(process.pid, 'SIGKILL');
}, 50);

const log = pino({ level: 'silent' });
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
await runAgent(
  {
    client: mortalClient(new HttpClient({ config, clock: systemClock, userAgent: 'mdev-operator-test' })),
    // It must not give up on those that are at their points while it waits for the others.
    provider: mortalProvider(new SysfsProvider({ root: '/', clock: systemClock, log, deadline: 3_600_000 })),
    nodeName,
    dataDir,
    adoptNamespaces: [],
    registerNode: true,
    nodeLease: false,
    clock: systemClock,
    random: Math.random,
    log,
  },
  new AbortController().signal,
);
