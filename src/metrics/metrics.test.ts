import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPlumbingMetrics, type PlumbingMetrics, type WatchSample } from './plumbing-metrics.ts';
import { createStateMetrics, type StateMetrics } from './state-metrics.ts';

describe('metrics that are read at each scrape', () => {
  let registry: Registry;
  let plumbing: PlumbingMetrics;
  let state: StateMetrics;

  beforeEach(() => {
    registry = new Registry();
    plumbing = createPlumbingMetrics(registry);
    state = createStateMetrics(registry, '1.2.3');
  });

  /** The samples of one metric. */
  async function scrape(name: string): Promise<string[]> {
    return (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  }

  it('show of two watches of one resource the one that is worse off', async () => {
    let watches: WatchSample[] = [
      { resource: 'nodes', synced: true, age: 4 },
      { resource: 'nodes', synced: false, age: 90 },
      { resource: 'nodes', synced: true, age: undefined },
    ];
    plumbing.watchesFrom(() => watches);
    expect(await scrape('mdev_watch_synced')).toEqual(['mdev_watch_synced{resource="nodes"} 0']);
    expect(await scrape('mdev_watch_age_seconds')).toEqual(['mdev_watch_age_seconds{resource="nodes"} 90']);
    watches = [];
    expect([...(await scrape('mdev_watch_synced')), ...(await scrape('mdev_watch_age_seconds'))]).toEqual([]);
  });

  it('add up what several count, and forget one that counts no more', async () => {
    const ready = { condition: 'Ready', status: 'True', reason: 'Ready' };
    state.conditionsFrom('agent', () => [{ ...ready, count: 2 }]);
    state.conditionsFrom('controller', () => [{ ...ready, count: 3 }]);
    expect(await scrape('mdev_device_conditions')).toEqual(['mdev_device_conditions{condition="Ready",status="True",reason="Ready"} 5']);
    state.conditionsFrom('controller', undefined);
    expect(await scrape('mdev_device_conditions')).toEqual(['mdev_device_conditions{condition="Ready",status="True",reason="Ready"} 2']);
  });

  it('say of each part whether it is ready', async () => {
    state.readinessFrom(() => [
      { check: 'watches', ready: false },
      { check: 'records', ready: true },
    ]);
    expect(await scrape('mdev_ready')).toEqual(['mdev_ready{check="watches"} 0', 'mdev_ready{check="records"} 1']);
  });

  it('have a queue at zero before anything happened, so that an increase from nothing is seen', async () => {
    plumbing.queue('devices').done(0.2, true);
    plumbing.queue('parents');
    expect(await scrape('mdev_workqueue_retries_total')).toEqual([
      'mdev_workqueue_retries_total{queue="devices"} 1',
      'mdev_workqueue_retries_total{queue="parents"} 0',
    ]);
    expect(await scrape('mdev_reconcile_total')).toContain('mdev_reconcile_total{queue="devices",result="error"} 1');
    expect(await scrape('mdev_workqueue_depth')).toContain('mdev_workqueue_depth{queue="parents"} 0');
  });
});
