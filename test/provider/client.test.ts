import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/lib/manual-clock.ts';
import type { MdevProvider } from '../../src/provider/contract.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { infoCall } from '../../src/provider/remote/provider-protocol.ts';
import { call, closing, frame } from './raw.ts';
import { patient, refusal, until } from './support.ts';

const log = pino({ level: 'silent' });

describe('a client of a socket', () => {
  let folder = '';
  let socketPath = '';
  let provider: MdevProvider;
  let clock: ManualClock;
  let requests: Socket[];
  let delays: number[];
  let close: () => Promise<void>;
  let answer: (line: { id: number; method: string }) => unknown;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'mdev-'));
    socketPath = path.join(folder, 's');
    delays = [];
    clock = new (class extends ManualClock {
      override setTimeout(callback: () => void, delay: number): () => void {
        delays.push(delay);
        return super.setTimeout(callback, delay);
      }
    })();
    requests = [];
    answer = ({ id, method }) => (method === 'hello' ? { jsonrpc: '2.0', id, result: { protocol: 1 } } : undefined);
    const server = createServer((socket) => {
      requests.push(socket);
      void closing(socket);
      createInterface(socket).on('line', (line) => {
        const said = answer(JSON.parse(line) as { id: number; method: string });
        if (said !== undefined) socket.write(typeof said === 'string' ? said : frame(said));
      });
    }).listen(socketPath);
    await once(server, 'listening');
    provider = new RemoteProvider({ socketPath, clock, log });
    close = async () => {
      await provider.close();
      for (const socket of requests) socket.destroy();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true });
    };
  });

  afterEach(() => close());

  const lies: [string, (id: number) => unknown][] = [
    ['no JSON', () => 'hello\n'],
    ['a result of another shape', (id) => ({ jsonrpc: '2.0', id, result: { kind: 'moon' } })],
    ['neither result nor error', (id) => ({ jsonrpc: '2.0', id })],
    ['an error of another shape', (id) => ({ jsonrpc: '2.0', id, error: 'no' })],
    ['a request', (id) => call(id, infoCall.name)],
  ];

  for (const [what, lie] of lies)
    it(`fails with EIO at connect when it is answered ${what}, and asks the next time on a new connection`, async () => {
      const honest = answer;
      answer = (line) => (line.method === 'hello' ? honest(line) : lie(line.id));
      expect(await refusal(provider.info(patient))).toEqual({ code: 'EIO', step: 'connect' });
      answer = (line) => (line.method === 'hello' ? honest(line) : { jsonrpc: '2.0', id: line.id, result: { kind: 'sysfs', bootID: 'b' } });
      expect(await provider.info(patient)).toEqual({ kind: 'sysfs', bootID: 'b' });
      expect(requests).toHaveLength(2);
    });

  it('takes an error without errno as EIO at connect, and keeps the connection', async () => {
    const honest = answer;
    answer = (line) => honest(line) ?? { jsonrpc: '2.0', id: line.id, error: { code: -1, message: 'no', data: { code: 'EHUH' } } };
    for (let round = 0; round < 2; round++) expect(await refusal(provider.info(patient))).toEqual({ code: 'EIO', step: 'connect' });
    expect(requests).toHaveLength(1);
  });

  it('does not talk to a server of another protocol', async () => {
    answer = ({ id }) => ({ jsonrpc: '2.0', id, result: { protocol: 2 } });
    await expect(provider.info(patient)).rejects.toThrow(/protocol 2/);
    expect(await refusal(provider.info(patient))).toEqual({ code: 'EIO', step: 'connect' });
  });

  it('gives up on a server that says nothing', async () => {
    answer = () => undefined;
    const silent = refusal(provider.info(patient));
    await until(
      async () => clock.pending,
      (timers) => timers > 0,
    );
    await clock.advance(5_000);
    expect(await silent).toEqual({ code: 'ETIMEDOUT', step: 'connect' });
  });

  it('gives up on a call that is never answered, later than any provider would', async () => {
    const call = refusal(provider.remove('12345678-1234-1234-1234-123456789abc', patient));
    await until(
      async () => delays.length,
      (timers) => timers === 2,
    );
    await clock.advance(29_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await call).toEqual({ code: 'ETIMEDOUT', step: 'remove' });
    expect(clock.pending).toBe(0);
  });

  it('tells the server that nobody waits for an answer any more', async () => {
    const lines: { method: string; params?: unknown }[] = [];
    const honest = answer;
    answer = (line) => {
      lines.push(line);
      return honest(line);
    };
    const abort = new AbortController();
    const reason = new Error('enough');
    const stopped = expect(provider.info(abort.signal)).rejects.toBe(reason);
    await until(
      async () => lines.length,
      (count) => count === 2,
    );
    abort.abort(reason);
    await stopped;
    await until(
      async () => lines.at(-1),
      (line) => line?.method === '$/cancelRequest',
    );
    expect(lines.at(-1)).toMatchObject({ params: { id: 1 } });
  });

  it('fails at once when it is closed, and leaves no timer behind', async () => {
    const waiting = refusal(provider.info(patient));
    await until(
      async () => requests.length,
      (connections) => connections > 0,
    );
    await provider.close();
    expect(await waiting).toEqual({ code: 'EIO', step: 'connect' });
    expect(await refusal(provider.info(patient))).toEqual({ code: 'EIO', step: 'connect' });
    expect(clock.pending).toBe(0);
  });

  it('waits longer each time it finds nobody to watch, up to 2 s', async () => {
    answer = ({ id }) => ({ jsonrpc: '2.0', id, result: { protocol: 2 } });
    const abort = new AbortController();
    const watch = provider.watch(abort.signal)[Symbol.asyncIterator]().next();
    const pauses: number[] = [];
    for (const pause of [50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]) {
      // Each round: a timer for the server's first answer, then the pause.
      pauses.push(pause);
      await until(
        async () => delays.length,
        (timers) => timers === pauses.length * 2,
      );
      expect(delays.filter((_, index) => index % 2 === 1)).toEqual(pauses);
      await clock.advance(pause - 1);
      expect(requests).toHaveLength(pauses.length);
      await clock.advance(1);
    }
    abort.abort();
    expect(await watch).toEqual({ done: true, value: undefined });
  });
});
