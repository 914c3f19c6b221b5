/** Two controllers, of which one leads, as processes with terms of three seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../agent/cluster.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { Contender } from './contender.ts';
import { FaultSite } from './fault-site.ts';
import { leaseTiming } from './lease-timing.ts';

describe('of two controllers', () => {
  let cluster: Cluster;
  let site: FaultSite;
  const contenders: Contender[] = [];

  beforeEach(async () => {
    cluster = await startCluster();
    site = await FaultSite.start(cluster, ['led-1', 'led-2'], { controller: false });
  });
  afterEach(async () => {
    for (const contender of contenders.splice(0)) await contender[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  async function launch(identity: string): Promise<Contender> {
    const contender = await Contender.launch(cluster, identity);
    contenders.push(contender);
    return contender;
  }

  const names = (prefix: string): string[] => Array.from({ length: 8 }, (_, index) => `${prefix}${index}`);

  it('the other replaces a killed leader within its lease, and allocates nothing a second time', async () => {
    const first = await launch('first');
    await first.leads();
    const second = await launch('second');
    await site.create(names('a'));
    await site.ready(names('a').slice(0, 1));
    first.signal('SIGKILL');
    const killed = Date.now();
    await site.create(names('b'));
    await second.leads();
    expect(Date.now() - killed).toBeLessThan(leaseTiming.leaseDuration + 5000);
    const before = await site.ready([...names('a'), ...names('b')]);
    await site.whole();
    const after = await site.ready([...names('a'), ...names('b')]);
    expect(after.map(({ status }) => status?.allocation)).toEqual(before.map(({ status }) => status?.allocation));
  });

  it('a leader that was paused, and wakes up after another has taken over, writes nothing of what it had in mind', async () => {
    const paused = await launch('paused');
    await paused.leads();
    const heir = await launch('heir');
    paused.signal('SIGSTOP');
    // It hears of these as soon as it wakes up, as of devices without a place.
    await site.create(names('c'));
    await heir.leads();
    const before = await site.ready(names('c'));
    const woken = Date.now();
    paused.signal('SIGCONT');
    await expect
      .poll(() => paused.proxy.passed.some(({ path, at }) => path.includes('leases') && at > woken), { timeout: 10_000 })
      .toBe(true);
    await sleep(500);
    expect(paused.writes(woken)).toEqual([]);
    expect((await site.ready(names('c'))).map(({ metadata }) => metadata.resourceVersion)).toEqual(
      before.map(({ metadata }) => metadata.resourceVersion),
    );
    await site.whole();
  });
});
