import { describe, expect, it } from 'vitest';
import { endpointApp, serveEndpoint } from './endpoint.ts';
import { createMetrics } from './metrics.ts';

describe('the endpoint for Prometheus and probes', () => {
  it('serves what was reported, and forgets a parent that is gone', async () => {
    const metrics = createMetrics();
    const app = endpointApp({ registry: metrics.registry, notReady: () => undefined });
    metrics.request({ verb: 'get', resource: 'nodes', code: 200, seconds: 0.01 });
    metrics.parent('p', [{ id: 'mtty-1', availableInstances: 3, instances: 1 }]);
    const text = await (await app.request('/metrics')).text();
    expect(text).toContain('mdev_api_requests_total{verb="get",resource="nodes",code="200"} 1');
    expect(text).toContain('mdev_parent_available_instances{parent="p",type="mtty-1"} 3');
    metrics.parentGone('p');
    expect(await (await app.request('/metrics')).text()).not.toContain('parent="p"');
  });

  it('is not ready with a reason, and healthy all the same', async () => {
    let reason: string | undefined = 'watch of mdevdevices not synced';
    const app = endpointApp({ registry: createMetrics().registry, notReady: () => reason });
    const refused = await app.request('/readyz');
    expect([refused.status, await refused.text()]).toEqual([503, 'not ready: watch of mdevdevices not synced\n']);
    expect((await app.request('/healthz')).status).toBe(200);
    reason = undefined;
    expect((await app.request('/readyz')).status).toBe(200);
  });

  it('listens until it is told to stop', async () => {
    const stop = new AbortController();
    const port = await serveEndpoint(
      { host: '127.0.0.1', port: 0, registry: createMetrics().registry, notReady: () => undefined },
      stop.signal,
    );
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    stop.abort();
    await expect(fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } })).rejects.toThrow();
  });
});
