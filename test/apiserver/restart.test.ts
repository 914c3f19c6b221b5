import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../src/apiserver/server.ts';
import { ManualClock } from '../../src/lib/manual-clock.ts';
import { adminToken, httpsClient } from './https-client.ts';
import { widget, widgetCrd } from './widgets.ts';

let dataDir: string;
let servers: ApiServer[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mdev-restart-'));
  servers = [];
});

afterEach(async () => {
  for (const server of servers) await server.close();
  await rm(dataDir, { recursive: true });
});

async function start(directory = dataDir, port = 0, clock = new ManualClock(Date.now())): Promise<ApiServer> {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  // Certificates must be valid for the TLS of this machine, which reads its own clock.
  const server = await startApiServer({
    dataDir: directory,
    host: '127.0.0.1',
    port,
    crds: [widgetCrd()],
    clock,
    log,
  });
  servers.push(server);
  return server;
}

async function stop(server: ApiServer): Promise<void> {
  servers.splice(servers.indexOf(server), 1);
  await server.close();
}

async function get(server: ApiServer, path: string, directory = dataDir): Promise<unknown> {
  const client = await httpsClient(server.url, directory, await adminToken(directory));
  const reply = await client.send('GET', path);
  client.close();
  return JSON.parse(reply.text);
}

describe('a connection', () => {
  it('serves more requests after a watch on it has ended', async () => {
    const clock = new ManualClock(Date.now());
    const server = await start(dataDir, 0, clock);
    const client = await httpsClient(server.url, dataDir, await adminToken(dataDir), 1);
    let begun: () => void = () => undefined;
    const beginning = new Promise<void>((resolve) => (begun = resolve));
    const watch = client.send('GET', '/api/v1/namespaces?watch=1&timeoutSeconds=5&fieldSelector=metadata.name%3Ddefault', {
      onData: begun,
    });
    await beginning;
    await clock.advance(5000);
    expect((await watch).text).toMatch(/^\{"type":"ADDED".*\}\n$/);
    for (let i = 0; i < 3; i += 1) expect((await client.send('GET', '/readyz')).text).toBe('ok');
    client.close();
  });
});

describe('a server that is started again', () => {
  it('listens on the same port with the same credentials and the same objects', async () => {
    const first = await start();
    const client = await httpsClient(first.url, dataDir, await adminToken(dataDir));
    await client.send('POST', '/apis/test.example/v1/namespaces/default/widgets', { body: widget('kept') });
    client.close();
    const kubeconfig = await readFile(first.kubeconfigPath, 'utf8');
    const system = await get(first, '/api/v1/namespaces/kube-system');
    const kept = await get(first, '/apis/test.example/v1/namespaces/default/widgets/kept');
    const definition = await get(first, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.example');
    await stop(first);

    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await readFile(second.kubeconfigPath, 'utf8')).toBe(kubeconfig);
    expect(await get(second, '/api/v1/namespaces/kube-system')).toEqual(system);
    expect(await get(second, '/apis/test.example/v1/namespaces/default/widgets/kept')).toEqual(kept);
    expect(await get(second, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.example')).toEqual(definition);
  });

  it('takes another port when its own is taken, and says so in its kubeconfig', async () => {
    const first = await start();
    await stop(first);
    const other = await mkdtemp(join(tmpdir(), 'mdev-restart-other-'));
    const intruder = await start(other, first.port);
    const second = await start();
    expect(second.port).not.toBe(intruder.port);
    expect(await readFile(second.kubeconfigPath, 'utf8')).toContain(second.url);
    await stop(intruder);
    await rm(other, { recursive: true });
  });

  it('on a directory that is in use refuses to start', async () => {
    await start();
    await expect(start()).rejects.toThrow(/does another API server run on this data directory/);
  });

  it('ends its watches when it is closed', async () => {
    const server = await start();
    const client = await httpsClient(server.url, dataDir, await adminToken(dataDir));
    const watch = client.send('GET', '/api/v1/namespaces?watch=1');
    await client.send('GET', '/readyz');
    const before = performance.now();
    await stop(server);
    expect(performance.now() - before).toBeLessThan(2000);
    expect((await watch).text.split('\n').length).toBeGreaterThan(3);
    client.close();
  });
});
