/** How the client connects: over TLS, by which protocol, how often, and what happens when certificates change. */
import { KubeConfig } from '@kubernetes/client-node';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority, issueServer, type KeyPair } from '../../src/apiserver/auth/certificates.ts';
import { ConnectionError } from '../../src/kube/api-error.ts';
import { HttpClient } from '../../src/kube/http-client.ts';
import { nodeResource } from '../../src/kube/resource.ts';
import { ManualClock } from '../../src/lib/manual-clock.ts';

describe('HttpClient over TLS', () => {
  let directory: string;
  let server: Http2SecureServer;
  let client: HttpClient;
  let clock: ManualClock;
  let authority: KeyPair;
  let connections: number;
  const versions = new Set<string>();
  const tokens: (string | undefined)[] = [];
  const { signal } = new AbortController();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kube-tls-'));
    authority = await createAuthority(Date.now());
    const { certificate, key } = await issueServer(authority, ['127.0.0.1'], Date.now());
    connections = 0;
    versions.clear();
    tokens.length = 0;
    server = createSecureServer({ cert: certificate, key, allowHTTP1: true }, (request, response) => {
      versions.add(request.httpVersion);
      tokens.push(request.headers.authorization);
      response.end(JSON.stringify({ metadata: { name: 'n' } }));
    });
    server.on('secureConnection', () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    clock = new ManualClock();
    client = await connect(authority.certificate);
  });

  afterEach(async () => {
    await client.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await rm(directory, { recursive: true });
  });

  async function connect(ca: string): Promise<HttpClient> {
    const caFile = join(directory, 'ca.crt');
    const tokenFile = join(directory, 'token');
    await writeFile(caFile, ca);
    await writeFile(tokenFile, 'first');
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: 'c', server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, caFile, skipTLSVerify: false }],
      users: [{ name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile } } }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    });
    return new HttpClient({ config, clock, userAgent: 'test' });
  }

  async function get(): Promise<unknown> {
    return client.get(nodeResource, { name: 'n' }, signal);
  }

  it('speaks HTTP/1.1 though HTTP/2 is offered, over kept connections, also when credentials are read again', async () => {
    for (let index = 0; index < 20; index++) {
      await get();
      await clock.advance(2000);
    }
    expect([...versions]).toEqual(['1.1']);
    expect(connections).toBeLessThanOrEqual(2);
    expect(new Set(tokens)).toEqual(new Set(['Bearer first']));
  });

  it('makes new connections when the CA has changed, and trusts the new one', async () => {
    await get();
    const before = connections;
    const other = await createAuthority(Date.now());
    await writeFile(join(directory, 'ca.crt'), other.certificate);
    await get();
    expect(connections).toBeLessThanOrEqual(before + 1);
    await clock.advance(60_000);
    await expect(get()).rejects.toBeInstanceOf(ConnectionError);
    await writeFile(join(directory, 'ca.crt'), `${other.certificate}\n${authority.certificate}`);
    await clock.advance(60_000);
    await get();
  });

  it('reads a token anew after seconds, and only after a minute lets a request wait for that', async () => {
    await get();
    await writeFile(join(directory, 'token'), 'second');
    await clock.advance(10_000);
    await get();
    expect(new Set(tokens)).toEqual(new Set(['Bearer first']));
    await expect.poll(async () => (await get(), tokens.at(-1))).toBe('Bearer second');
    await writeFile(join(directory, 'token'), 'third');
    await clock.advance(60_000);
    await get();
    expect(tokens.at(-1)).toBe('Bearer third');
  });
});
