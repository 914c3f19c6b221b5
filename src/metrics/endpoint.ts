import { serve } from '@hono/node-server';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';

export interface EndpointInit {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly registry: Registry;
  /** Why the process is not ready, a line for each cause; none when it is. */
  readonly notReady: () => readonly string[];
}

/** What answers /metrics, /healthz and /readyz. */
export function endpointApp({ registry, notReady }: Pick<EndpointInit, 'registry' | 'notReady'>): Hono {
  const app = new Hono();
  app.get('/metrics', async (context) => context.body(await registry.metrics(), 200, { 'content-type': registry.contentType }));
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => {
    const reasons = notReady();
    return reasons.length === 0 ? context.text('ok\n') : context.text(reasons.map((reason) => `not ready: ${reason}\n`).join(''), 503);
  });
  return app;
}

/** Serves metrics and health over HTTP until `signal` aborts. Answers the port it listens on. */
export async function serveEndpoint(init: EndpointInit, signal: AbortSignal): Promise<number> {
  const server = serve({ fetch: endpointApp(init).fetch, hostname: init.host, port: init.port }) as Server;
  if (!server.listening) await once(server, 'listening', { signal });
  signal.addEventListener('abort', () => server.close(), { once: true });
  return (server.address() as AddressInfo).port;
}
