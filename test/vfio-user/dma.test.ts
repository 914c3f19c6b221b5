import { closeSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../src/lib/errno.ts';
import type { DeviceUse, PinRefusal } from '../../src/provider/contract.ts';
import { commands } from '../../src/emulator/vfio-user/wire.ts';
import { hasIPCLock, memlockPrefix } from '../support/memlock.ts';
import { Client, pack } from './client.ts';
import { bar, copyEngine, startCopy, waitForCopy } from './copy-engine.ts';
import { startCopying } from './copying.ts';
import { deviceID, startEmulator, type EmulatorProcess } from './emulator.ts';
import { roomyProfile } from './profile.ts';

const { EFAULT, ENOMEM, EINVAL, EPERM } = errnoNumbers;
const page = 4096;
const ram = 0x100000;

let emulator: EmulatorProcess;
let made = 0;

beforeAll(async () => {
  emulator = await startEmulator(roomyProfile);
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
});

async function gpu(): Promise<{ readonly id: string; readonly path: string; readonly client: Client }> {
  const id = deviceID(++made);
  const path = await emulator.create('gpu', 'vgpu', id);
  const client = new Client(path);
  client.negotiate();
  copyEngine.enable(client);
  return { id, path, client };
}

async function use(id: string): Promise<DeviceUse | undefined> {
  return (await emulator.provider.listUses(AbortSignal.timeout(5000))).find((each) => each.id === id);
}

describe('the copy engine of a vGPU', () => {
  it('copies in memory that is shared as a file', async () => {
    const { client } = await gpu();
    using _client = client;
    const memory = client.libc.memfd('ram', 64 * page);
    client.map(ram, 64 * page, memory);
    const data = Buffer.from(Array.from({ length: 3 * page }, (_, index) => index % 251));
    writeSync(memory, data, 0, data.length, 100);
    startCopy(client, ram + 100, ram + 20 * page + 7, data.length);
    expect(waitForCopy(client)).toBe(0);
    const copied = Buffer.alloc(data.length);
    readSync(memory, copied, 0, copied.length, 20 * page + 7);
    expect(copied.equals(data)).toBe(true);
    closeSync(memory);
  });

  it('copies in memory that is not shared, by asking for it', async () => {
    const { client } = await gpu();
    using _client = client;
    const memory = Buffer.alloc(64 * page);
    memory.write('what the guest has written', 100);
    client.map(ram, memory.length);
    const asked: number[] = [];
    client.onRequest = ({ command, payload }) => {
      asked.push(command);
      const at = Number(payload.readBigUInt64LE(0)) - ram;
      const count = Number(payload.readBigUInt64LE(8));
      if (command === commands.dmaRead) return Buffer.concat([payload.subarray(0, 16), memory.subarray(at, at + count)]);
      payload.copy(memory, at, 16);
      return payload.subarray(0, 16);
    };
    startCopy(client, ram + 100, ram + 5000, 26);
    expect(waitForCopy(client)).toBe(0);
    expect(memory.subarray(5000, 5026).toString()).toBe('what the guest has written');
    expect(new Set(asked)).toEqual(new Set([commands.dmaRead, commands.dmaWrite]));
  });

  it('ends with an error when the client refuses its memory, or answers with something else', async () => {
    const { client } = await gpu();
    using _client = client;
    client.map(ram, 4 * page);
    client.onRequest = () => EFAULT;
    startCopy(client, ram, ram + page, 16);
    expect(waitForCopy(client)).toBe(EFAULT);
    client.onRequest = ({ payload }) => payload.subarray(0, 16);
    startCopy(client, ram, ram + page, 16);
    expect(() => waitForCopy(client)).toThrow(/The connection ended|Cannot send/);
  });

  it.each([
    ['is not mapped', 0x9000000, EINVAL],
    ['may not be written', ram, EPERM],
  ])('is refused a destination that %s', async (_, destination, errno) => {
    const { client } = await gpu();
    using _client = client;
    const memory = client.libc.memfd('ram', 4 * page);
    client.map(ram, 4 * page, memory, 0, 1);
    startCopy(client, ram, destination, 16);
    expect(waitForCopy(client)).toBe(errno);
    closeSync(memory);
  });

  it('ends with EFAULT when the file has become shorter than what is mapped of it', async () => {
    const { client } = await gpu();
    using _client = client;
    const memory = client.libc.memfd('ram', 4 * page);
    client.map(ram, 4 * page, memory);
    ftruncateSync(memory, page);
    startCopy(client, ram + 2 * page, ram, 16);
    expect(waitForCopy(client)).toBe(EFAULT);
    closeSync(memory);
  });
});

describe('pins', () => {
  it('are the device’s until they are released, and count what its process has locked', async () => {
    const { id, client } = await gpu();
    using _client = client;
    const memory = client.libc.memfd('ram', 64 * page);
    client.map(ram, 64 * page, memory);
    startCopy(client, ram, ram + 32 * page, 10 * page);
    expect(waitForCopy(client)).toBe(0);
    expect((await use(id))?.pinned).toMatchObject({ pages: 20, lockedBytes: 20 * page });
    expect(client.register(bar, copyEngine.pinnedPages)).toBe(20);
    client.setRegister(bar, copyEngine.release, 1);
    expect((await use(id))?.pinned).toMatchObject({ pages: 0, lockedBytes: 0 });
    closeSync(memory);
  });

  it('of several devices of one process add up, and go with a range that is unmapped, and with the connection', async () => {
    const first = await gpu();
    const second = await gpu();
    using _first = first.client;
    for (const { client } of [first, second]) {
      const memory = client.libc.memfd('ram', 64 * page);
      client.map(ram, 64 * page, memory);
      startCopy(client, ram, ram + 32 * page, 3 * page);
      expect(waitForCopy(client)).toBe(0);
      closeSync(memory);
    }
    expect((await use(first.id))?.pinned).toMatchObject({ pages: 6, lockedBytes: 12 * page });
    second.client[Symbol.dispose]();
    await expect.poll(async () => use(second.id)).toBeUndefined();
    expect((await use(first.id))?.pinned).toMatchObject({ pages: 6, lockedBytes: 6 * page });
    expect(first.client.unmap(ram, 64 * page).errno).toBe(0);
    expect((await use(first.id))?.pinned).toMatchObject({ pages: 0, lockedBytes: 0 });
  });

  it('announce the device when it is opened, pins, and is closed', async () => {
    const id = deviceID(++made);
    const path = await emulator.create('gpu', 'vgpu', id);
    const stop = new AbortController();
    const events: string[] = [];
    const watching = (async () => {
      for await (const event of emulator.provider.watch(stop.signal))
        if (event.kind === 'sync' || (event.kind === 'device' && event.id === id)) events.push(event.kind);
    })();
    const count = async (least: number): Promise<void> => expect.poll(() => events.length).toBeGreaterThanOrEqual(least);
    await expect.poll(() => events).toEqual(['sync']);
    const client = new Client(path);
    client.negotiate();
    await count(2);
    copyEngine.enable(client);
    const memory = client.libc.memfd('ram', 4 * page);
    client.map(ram, 4 * page, memory);
    const opened = events.length;
    startCopy(client, ram, ram + page, 16);
    waitForCopy(client);
    await count(opened + 1);
    const pinned = events.length;
    client[Symbol.dispose]();
    await count(pinned + 1);
    stop.abort();
    await watching;
    closeSync(memory);
  });
});

describe('the limit on locked memory', () => {
  const limit = 65536;

  async function copyUnder(
    prefix: readonly string[],
    pages: number,
  ): Promise<{ readonly errno: number; readonly refused: PinRefusal | undefined }> {
    const id = deviceID(++made);
    await using copying = await startCopying(await emulator.create('gpu', 'vgpu', id), pages, prefix);
    const told = await emulator.provider.users(id, AbortSignal.timeout(5000));
    expect(told.known.map(({ pid }) => pid)).toEqual([copying.pid]);
    return { errno: copying.errno, refused: told.refused };
  }

  it('of the process itself refuses a pin with ENOMEM, and is told', async () => {
    const { errno, refused } = await copyUnder(memlockPrefix(limit), 10);
    expect(errno).toBe(ENOMEM);
    expect(refused).toMatchObject({ number: 1, limitBytes: limit });
    expect((refused?.lockedBytes ?? 0) + (refused?.wantedBytes ?? 0)).toBeGreaterThan(limit);
  });

  it('lets pass what fits', async () => {
    expect(await copyUnder(memlockPrefix(limit), 8)).toEqual({ errno: 0, refused: undefined });
  });

  it.skipIf(!hasIPCLock())('does not hold a process with CAP_IPC_LOCK [skipped where there is no such capability to give]', async () => {
    expect(await copyUnder(['prlimit', `--memlock=${limit}`], 10)).toEqual({ errno: 0, refused: undefined });
  });
});

it('a device of 140 bytes is read and written in one piece', async () => {
  // Of its own: a subchannel carries one device, so that a second try would find it taken.
  await using own = await startEmulator(roomyProfile);
  using client = new Client(await own.create('ccw', 'vfio_ccw-io', deviceID(1)));
  client.negotiate();
  expect(client.read(0, 0, 140)).toHaveLength(140);
  expect(client.read(0, 0, 4)).toBe(EINVAL);
  expect(client.write(0, 4, Buffer.alloc(8))).toBe(EINVAL);
  expect(client.call(commands.getInfo, pack([32, 16], [32, 0], [32, 0], [32, 0])).payload.readUInt32LE(4)).toBe(0x11);
});
