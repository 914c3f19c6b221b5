import { describe, expect, it } from 'vitest';
import { endpointApp, serveEndpoint } from './endpoint.ts';
import { createMetrics } from './metrics.ts';
import { createNodeMetrics } from './node-metrics.ts';

describe('the endpoint for Prometheus and probes', () => {
  it('serves what was reported, and forgets a parent that is gone', async () => {
    const metrics = createMetrics('1.2.3');
    const node = createNodeMetrics(metrics.registry);
    const app = endpointApp({ registry: metrics.registry, notReady: () => [] });
    metrics.request({ verb: 'get', resource: 'nodes', code: 200, seconds: 0.01 });
    node.parent('p', [{ id: 'mtty-1', availableInstances: 3, instances: 1 }]);
    const text = await (await app.request('/metrics')).text();
    expect(text).toContain('mdev_api_requests_total{verb="get",resource="nodes",code="200"} 1');
    expect(text).toContain('mdev_parent_available_instances{parent="p",type="mtty-1"} 3');
    node.parentGone('p');
    expect(await (await app.request('/metrics')).text()).not.toContain('parent="p"');
  });

  it('is not ready with a reason, and healthy all the same', async () => {
    let reasons = ['watches: mdevdevices are not read yet', 'records: no space left'];
    const app = endpointApp({ registry: createMetrics('1.2.3').registry, notReady: () => reasons });
    const refused = await app.request('/readyz');
    expect([refused.status, await refused.text()]).toEqual([
      503,
      'not ready: watches: mdevdevices are not read yet\nnot ready: records: no space left\n',
    ]);
    expect((await app.request('/healthz')).status).toBe(200);
    reasons = [];
    expect((await app.request('/readyz')).status).toBe(200);
  });

  it('listens until it is told to stop', async () => {
    const stop = new AbortController();
    const port = await serveEndpoint(
      { host: '127.0.0.1', port: 0, registry: createMetrics('1.2.3').registry, notReady: () => [] },
      stop.signal,
    );
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    stop.abort();
    await expect(fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } })).rejects.toThrow();
  });
});
