import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/lib/manual-clock.ts';
import type { MdevProvider, ProviderEvent } from '../../src/provider/contract.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { serveSocket } from '../../src/provider/remote/server.ts';
import { providerService } from '../../src/provider/remote/provider-service.ts';
import { inProcess, overSocket } from './emulated-subjects.ts';
import { call, closing, frame, RawClient, sendAndListen } from './raw.ts';
import { patient, until, watching } from './support.ts';

const log = pino({ level: 'silent' });

describe('the socket of a provider', () => {
  let fixture: Awaited<ReturnType<typeof overSocket.open>>;

  beforeEach(async () => {
    fixture = await overSocket.open();
  });

  afterEach(async () => {
    await fixture[Symbol.asyncDispose]();
  });

  async function serves(): Promise<void> {
    expect(await fixture.provider.info(patient)).toMatchObject({ kind: 'emulated' });
  }

  const spoiled: [string, string | Uint8Array][] = [
    ['no JSON', 'GET / HTTP/1.1\r\n\r\n'],
    ['an empty line', '\n'],
    ['JSON that is no envelope', frame(42)],
    ['null', frame(null)],
    ['a batch', frame([call(1, 'provider/info')])],
    ['an answer', frame({ jsonrpc: '2.0', id: 0, result: null })],
    ['another version', frame({ ...call(1, 'provider/info'), jsonrpc: '1.0' })],
    ['an id that is text', frame(call('1', 'provider/info'))],
    ['an id that is null', frame(call(null, 'provider/info'))],
    ['a fraction as id', frame(call(1.5, 'provider/info'))],
    ['params by position', frame(call(1, 'provider/info', []))],
    ['no params', frame({ jsonrpc: '2.0', id: 1, method: 'provider/info' })],
    ['a notification', frame({ jsonrpc: '2.0', method: 'provider/info', params: {} })],
    ['a cancellation of nothing', frame({ jsonrpc: '2.0', method: '$/cancelRequest' })],
    ["a message of the library's own", frame(call(1, '$/setTrace', { value: 'verbose' }))],
    ['one id twice', frame(call(1, 'provider/watch', { token: 1 })).repeat(2)],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22, 0x0a)],
    ['nesting without end', `${'['.repeat(200_000)}\n`],
    ['a line without end', 'x'.repeat(5 * 1024 * 1024)],
  ];

  for (const [what, data] of spoiled)
    it(`closes a connection that sends ${what}, and serves the others`, async () => {
      await sendAndListen(fixture.socketPath, data);
      await serves();
    });

  it('outlives whatever bytes are sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 5 }), async (chunks) => {
        const socket = connect(fixture.socketPath);
        const closed = closing(socket);
        for (const chunk of chunks) socket.write(chunk);
        socket.end();
        socket.resume();
        await closed;
        await serves();
      }),
      { numRuns: 200 },
    );
  });

  it('answers every well-formed call with a result or an errno, whatever the params, and makes nothing of nonsense', async () => {
    const methods = [
      ...['info', 'listParents', 'getParent', 'listDevices', 'getDevice', 'create', 'remove', 'setAttribute', 'readAttributes'],
      ...['setOnline', 'setGroup', 'users'],
    ];
    const name = fc.oneof(fc.string(), fc.constantFrom('mtty', 'mtty-1', '..', '__proto__', 'constructor'));
    const params = fc.oneof(
      fc.record({ id: name, parent: name, typeID: name, name, value: name, params: name }, { requiredKeys: [] }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.record({ id: fc.jsonValue(), ids: fc.jsonValue(), online: fc.jsonValue(), parent: fc.jsonValue() }, { requiredKeys: [] }),
    );
    const client = new RawClient(fixture.socketPath);
    let id = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), params, async (method, values) => {
        const answer = await client.ask(call(++id, `provider/${method}`, values));
        expect(answer).toMatchObject({ jsonrpc: '2.0', id });
        if (answer.result === undefined)
          expect(answer).toMatchObject({ error: { code: -32000, data: { code: expect.stringMatching(/^E[A-Z0-9]+$/) as string } } });
      }),
      { numRuns: 500 },
    );
    client.socket.destroy();
    expect(await fixture.provider.listDevices(patient)).toEqual([]);
  });

  it('says that it does not know a method', async () => {
    const client = new RawClient(fixture.socketPath);
    for (const method of ['provider/explode', '', 'constructor', 'provider/info/..'])
      expect(await client.ask(call(7, method))).toMatchObject({ id: 7, error: { code: -32601 } });
    client.socket.destroy();
  });

  it('takes a cancellation of a call that was never made as nothing', async () => {
    const client = new RawClient(fixture.socketPath);
    for (let id = 100; id < 200; id++) client.socket.write(frame({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } }));
    expect(await client.ask(call(150, 'provider/info'))).toMatchObject({ id: 150, result: { kind: 'emulated' } });
    client.socket.destroy();
  });

  it('reads a call that comes byte by byte, and many that come at once', async () => {
    const client = new RawClient(fixture.socketPath);
    for (const byte of Buffer.from(frame(call(1, 'hello')))) client.socket.write(Uint8Array.of(byte));
    expect(await client.next()).toEqual({ jsonrpc: '2.0', id: 1, result: { protocol: 1 } });
    client.socket.write(Array.from({ length: 3000 }, (_, index) => frame(call(index, 'provider/info'))).join(''));
    const ids = new Set<unknown>();
    while (ids.size < 3000) ids.add((await client.next()).id);
    client.socket.destroy();
  });

  /** A server of its own on a provider that a test bends. */
  async function serveBent(bend: (provider: MdevProvider) => void, body: (socketPath: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'mdev-'));
    const socketPath = path.join(folder, 's');
    await using kernel = await inProcess.open();
    bend(kernel.provider);
    {
      await using _server = await serveSocket({ socketPath, services: [providerService(kernel.provider)], log });
      await body(socketPath);
    }
    await rm(folder, { recursive: true });
  }

  it('neither waits for a client that does not read, nor keeps without end what it would have told it', async () => {
    const megabyte = [{ name: 'a', value: 'x'.repeat(1 << 20) }];
    await serveBent(
      (provider) => (provider.readAttributes = async () => megabyte),
      async (socketPath) => {
        const other = new RemoteProvider({ socketPath, clock: new ManualClock(), log });
        const deaf = connect(socketPath);
        const closed = closing(deaf);
        deaf.pause();
        let calls = 0;
        while (!deaf.destroyed) {
          deaf.write(frame(call(calls++, 'provider/readAttributes', { id: 'a' })));
          expect((await other.listParents(patient)).length).toBeGreaterThan(0);
          expect(calls).toBeLessThan(100);
        }
        await closed;
        await other.close();
      },
    );
  });

  it('tells what it serves when a client stops watching, or is gone', async () => {
    let watched = 0;
    const watch = async function* (signal: AbortSignal): AsyncGenerator<ProviderEvent> {
      watched++;
      yield { kind: 'sync' };
      await once(signal, 'abort');
      watched--;
    };
    await serveBent(
      (provider) => (provider.watch = watch),
      async (socketPath) => {
        const client = new RemoteProvider({ socketPath, clock: new ManualClock(), log });
        const watchers = [await watching(client), await watching(client), await watching(client)];
        expect(watched).toBe(3);
        await watchers[0]?.[Symbol.asyncDispose]();
        await until(
          async () => watched,
          (count) => count === 2,
        );
        await client.close();
        await until(
          async () => watched,
          (count) => count === 0,
        );
      },
    );
  });
});
