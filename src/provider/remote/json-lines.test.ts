import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from 'vscode-jsonrpc/node';
import { z } from 'zod';
import { LineReader, LineWriter } from './json-lines.ts';

const anyMessage: z.ZodType<Message> = z.looseObject({ jsonrpc: z.string() });

describe('messages on a socket', () => {
  let near: Socket;
  let far: Socket;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'mdev-'));
    const server = createServer().listen(path.join(folder, 's'));
    await once(server, 'listening');
    const connection = once(server, 'connection');
    near = connect(path.join(folder, 's'));
    far = ((await connection) as [Socket])[0];
    close = async () => {
      near.destroy();
      far.destroy();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true });
    };
  });

  afterEach(() => close());

  it('are read whole and in order, however they are cut', async () => {
    const got: unknown[] = [];
    let arrived: () => void = () => undefined;
    new LineReader(far, { maxBytes: 10_000, envelope: anyMessage }).listen((message) => {
      got.push(message);
      arrived();
    });
    const message = fc.record({ jsonrpc: fc.string({ unit: 'grapheme' }), id: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), fc.array(fc.nat(400)), async (messages, cuts) => {
        got.length = 0;
        const bytes = Buffer.from(messages.map((each) => `${JSON.stringify(each)}\n`).join(''));
        const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
        for (const [index, place] of places.slice(1).entries()) {
          near.write(bytes.subarray(places[index], place));
          await new Promise((resolve) => setImmediate(resolve));
        }
        while (got.length < messages.length)
          await new Promise<void>((resolve) => {
            arrived = resolve;
          });
        expect(got).toEqual(messages);
      }),
      { numRuns: 50 },
    );
  });

  it('may be as long as agreed and no byte longer', async () => {
    const got: unknown[] = [];
    const reader = new LineReader(far, { maxBytes: 100, envelope: anyMessage });
    const errors: Error[] = [];
    reader.onError((error) => errors.push(error));
    reader.listen((message) => got.push(message));
    const closed = once(far, 'close');
    const of = (length: number): string => JSON.stringify({ jsonrpc: 'x'.repeat(length - JSON.stringify({ jsonrpc: '' }).length) });
    near.write(`${of(100)}\n${of(101)}\n${of(50)}\n`);
    await closed;
    expect(got).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });

  it('are not written when the other side would not take them, or is gone', async () => {
    const writer = new LineWriter(near, { maxBytes: 100 });
    await expect(writer.write({ jsonrpc: 'x'.repeat(100) })).rejects.toThrow(/longer than 100 bytes/);
    far.destroy();
    await once(near.resume(), 'close');
    await expect(writer.write({ jsonrpc: 'x' })).rejects.toThrow(/closed/);
  });

  it('are written no faster than they are read', async () => {
    far.pause();
    const writer = new LineWriter(near, { maxBytes: 1 << 20 });
    let written = 0;
    const writing = (async () => {
      while (written < 400) {
        await writer.write({ jsonrpc: 'x'.repeat(100_000) });
        written++;
      }
    })();
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(400);
    expect(near.writableLength).toBeLessThan(1 << 20);
    far.resume();
    await writing;
    expect(written).toBe(400);
  });
});
