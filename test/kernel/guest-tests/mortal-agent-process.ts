/**
 * An agent on this machine's kernel, as a process of its own, that is killed with each of its devices at another point: with those that
 * are at theirs it goes no further, and when all are, it kills itself. Its standard input is the JSON of MortalInit, in a line.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KubeClient } from '../../../src/kube/client.ts';
import { deviceResource, type ResourceRef } from '../../../src/kube/resource.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';
import { runDoomedAgent, withChanges, type DoomedInit } from '../../agent/doomed-agent.ts';
import { chooseDeaths, reached, type Death } from './death-points.ts';

export interface MortalInit extends DoomedInit {
  readonly deaths: readonly Death[];
}

const { value: line = '' } = (await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()) as { value?: string };
const { deaths, ...init } = JSON.parse(line) as MortalInit;
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

const changing = <T>(id: string, call: () => Promise<T>): Promise<T> =>
  deadly(
    'provider',
    deaths.find(({ uuid }) => uuid === id),
    call,
  );
await runDoomedAgent(init, {
  // It must not give up on those that are at their points while it waits for the others.
  provider: (log) => withChanges(new SysfsProvider({ root: '/', clock: systemClock, log, deadline: 3_600_000 }), changing),
  client: mortalClient,
});
