import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../lib/manual-clock.ts';
import { ApiError, ConnectionError, isRetryable, retryAfter } from './api-error.ts';
import type { RequestObservation } from './client.ts';
import type { HttpClient } from './http-client.ts';
import { deviceResource, leaseResource } from './resource.ts';
import { json, ScriptedServer, status } from './testing/scripted-server.ts';

const key = { namespace: 'ns', name: 'a' };

describe('HttpClient', () => {
  let server: ScriptedServer;
  let client: HttpClient;
  let clock: ManualClock;
  let observed: RequestObservation[];
  const { signal } = new AbortController();

  beforeEach(async () => {
    server = await new ScriptedServer().start();
    clock = new ManualClock();
    observed = [];
    client = server.client(clock, (observation) => observed.push(observation));
  });

  afterEach(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  function failure(promise: Promise<unknown>): Promise<unknown> {
    return promise.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it('applies to the status with its field manager, by force, as apply-patch', async () => {
    server.next(json(200, { metadata: { name: 'a' } }));
    const options = { fieldManager: 'mdev-agent', force: true, subresource: 'status' } as const;
    await client.apply(deviceResource, key, { status: { uuid: 'u' } }, options, signal);
    const [request] = server.received;
    expect(request?.method).toBe('PATCH');
    expect(`${request?.url.pathname ?? ''}${request?.url.search ?? ''}`).toBe(
      '/apis/mediated.dev/v1alpha1/namespaces/ns/mdevdevices/a/status?fieldManager=mdev-agent&force=true',
    );
    expect(request?.headers).toMatchObject({
      'content-type': 'application/apply-patch+yaml',
      authorization: 'Bearer secret',
      'user-agent': 'test',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      apiVersion: 'mediated.dev/v1alpha1',
      kind: 'MdevDevice',
      metadata: key,
      status: { uuid: 'u' },
    });
  });

  it('fills in the kinds of a list, which servers leave out', async () => {
    server.next(json(200, { metadata: { resourceVersion: '5', continue: '' }, items: [{ metadata: { name: 'l' } }] }));
    expect(await client.list(leaseResource, {}, signal)).toEqual({
      resourceVersion: '5',
      continue: undefined,
      items: [{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' } }],
    });
  });

  it('keeps its connections for one request after the other', async () => {
    for (let index = 0; index < 20; index++) {
      server.next(json(200, { metadata: { name: 'a' } }));
      await client.get(deviceResource, key, signal);
    }
    // An answer may be read a moment before its connection is free again.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('tells a refusal by its Status and the time to wait', async () => {
    server.next(status(429, 'TooManyRequests', 'too many', { 'retry-after': '3' }));
    const error = await failure(client.get(deviceResource, key, signal));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 429, reason: 'TooManyRequests', message: 'Cannot get mdevdevices ns/a: too many' });
    expect([isRetryable(error), retryAfter(error)]).toEqual([true, 3000]);
    expect(observed).toMatchObject([{ verb: 'get', resource: 'mdevdevices', code: 429 }]);
  });

  it('tells a refusal without Status by what there is', async () => {
    server.next((_, response) => response.writeHead(502).end('<html>bad gateway</html>'));
    const error = await failure(client.get(deviceResource, key, signal));
    expect(error).toMatchObject({ code: 502, reason: '', message: 'Cannot get mdevdevices ns/a: <html>bad gateway</html>' });
  });

  it('gives up a request without answer after 30 s', async () => {
    const answer = failure(client.get(deviceResource, key, signal));
    await server.arrived(1);
    await clock.advance(30_000);
    const error = await answer;
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toBe('Cannot get mdevdevices ns/a: no answer within 30 s');
    expect(observed).toMatchObject([{ code: 0, seconds: 30 }]);
  });

  it('says that a connection broke, and that another try may help', async () => {
    server.next((_, response) => response.socket?.resetAndDestroy());
    const error = await failure(client.get(deviceResource, key, signal));
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).cause).toBeDefined();
    expect(isRetryable(error)).toBe(true);
  });

  it('stops at once when aborted, with the reason given, and leaves no timer', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const answer = failure(client.get(deviceResource, key, stop.signal));
    await server.arrived(1);
    stop.abort(reason);
    expect(await answer).toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it('sends a deletion with its precondition, and takes an object that is gone for deleted', async () => {
    server.next(status(404, 'NotFound', 'gone'));
    await client.delete(deviceResource, key, { uid: 'u', propagationPolicy: 'Background' }, signal);
    expect(JSON.parse(server.received[0]?.body ?? '')).toMatchObject({ propagationPolicy: 'Background', preconditions: { uid: 'u' } });
  });
});
