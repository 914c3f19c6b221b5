import { closeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/emulator/vfio-user/wire.ts';
import { hasIPCLock } from '../support/memlock.ts';
import { Client, message, pack } from './client.ts';
import { copyEngine, startCopy, waitForCopy } from './copy-engine.ts';
import { deviceID, startEmulator, type EmulatorProcess } from './emulator.ts';
import { roomyProfile } from './profile.ts';

const config = 7;
const gibibyte = 2 ** 30;

let emulator: EmulatorProcess;
let made = 0;

beforeAll(async () => {
  emulator = await startEmulator(roomyProfile);
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
});

async function connect(parent = 'mtty', typeID = 'mtty-1'): Promise<Client> {
  const client = new Client(await emulator.create(parent, typeID, deviceID(++made)));
  client.negotiate();
  return client;
}

/** The time of the slowest of so many reads, in ms. */
function slowestRead(client: Client, count: number): number {
  let slowest = 0;
  for (let read = 0; read < count; read++) {
    const start = performance.now();
    client.register(config, 0);
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}

describe('64 connections at once', () => {
  it('are all served, each its own device', async () => {
    const clients = await Promise.all(Array.from({ length: 64 }, () => connect()));
    for (const [index, client] of clients.entries()) client.write(config, 0x3c, Buffer.of(index));
    for (const [index, client] of clients.entries()) expect(client.read(config, 0x3c, 1)).toEqual(Buffer.of(index));
    expect(await emulator.provider.listUses(AbortSignal.timeout(5000))).toHaveLength(64);
    for (const client of clients) client[Symbol.dispose]();
    await expect.poll(async () => emulator.provider.listUses(AbortSignal.timeout(5000))).toEqual([]);
  });
});

describe('a connection is not delayed', () => {
  it('by one that stops in the middle of a message, nor by one that never reads its answers', async () => {
    using victim = await connect();
    using stalled = await connect();
    stalled.sendRaw(message(1, commands.regionWrite, Buffer.alloc(100)).subarray(0, 50));
    using deaf = await connect();
    const big = message(2, commands.regionRead, pack([64, 0], [32, config], [32, 256]));
    // Far more answers than a socket holds, of which none is read: its own server goes on when they are.
    for (let sent = 0; sent < 20; sent++) deaf.sendUnread(Buffer.concat(Array.from({ length: 50 }, () => big)));
    expect(slowestRead(victim, 500)).toBeLessThan(1000);
  });

  it.skipIf(!hasIPCLock())(
    'by one that floods, nor by one that copies a GiB [skipped for users that may not lock a GiB]',
    { timeout: 60_000 },
    async () => {
      using victim = await connect();
      using flooding = await connect();
      using copying = await connect('gpu', 'vgpu');
      const memory = copying.libc.memfd('ram', 2 * gibibyte);
      copyEngine.enable(copying);
      expect(copying.map(0x1_0000_0000, 2 * gibibyte, memory)).toBe(0);
      const alone = slowestRead(victim, 200);
      startCopy(copying, 0x1_0000_0000, 0x1_0000_0000 + gibibyte, gibibyte);
      const read = message(3, commands.regionRead, pack([64, 0], [32, config], [32, 4]));
      const burst = Buffer.concat(Array.from({ length: 200 }, () => read));
      let slowest = 0;
      for (let round = 0; round < 50; round++) {
        flooding.sendUnread(burst);
        slowest = Math.max(slowest, slowestRead(victim, 4));
        while (flooding.next(0) !== undefined);
      }
      expect(copying.register(0, copyEngine.status), 'the copy is still under way').toBe(1);
      // A copy moves a MiB in a turn, and a flood 64 messages: a few milliseconds each, on a machine that stalls now and then for longer.
      expect(slowest, `alone it took ${alone.toFixed(1)} ms`).toBeLessThan(1000);
      expect(waitForCopy(copying)).toBe(0);
      expect(flooding.register(config, 0)).toBe(0x32534348);
      closeSync(memory);
    },
  );
});
