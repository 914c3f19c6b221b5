import { closeSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../src/lib/errno.ts';
import { commands, flags } from '../../src/emulator/vfio-user/wire.ts';
import { hasIPCLock, memlockPrefix } from '../support/memlock.ts';
import { Client, message, pack, words } from './client.ts';
import { startCopying } from './copying.ts';
import { bar, copyEngine, startCopy, waitForCopy } from './copy-engine.ts';
import { deviceID, startEmulator, type EmulatorProcess } from './emulator.ts';
import { roomyProfile } from './profile.ts';

const { EINVAL, EMFILE, ENOMEM } = errnoNumbers;
const page = 4096;
const framebuffer = 1;
const version = Buffer.concat([pack([16, 0], [16, 1]), Buffer.from('{"capabilities":{}}\0')]);

let emulator: EmulatorProcess;
let made = 0;

beforeEach(async () => {
  emulator = await startEmulator(roomyProfile, undefined, ['prlimit', '--nofile=256:256']);
});
afterEach(async () => {
  await emulator[Symbol.asyncDispose]();
});

async function gpu(): Promise<{ readonly path: string; readonly client: Client }> {
  const path = await emulator.create('gpu', 'vgpu', deviceID(++made));
  const client = new Client(path);
  client.negotiate();
  copyEngine.enable(client);
  return { path, client };
}

/** Another device answers, as ever. */
async function othersAreServed(): Promise<void> {
  using other = new Client(await emulator.create('mtty', 'mtty-1', deviceID(++made)));
  expect(other.negotiate().errno).toBe(0);
  expect(other.register(7, 0)).toBe(0x32534348);
}

describe('no other device is touched by a client that', () => {
  it('makes the memory shorter that a device shares with it: it cannot', async () => {
    const { client } = await gpu();
    using _client = client;
    const { fds } = client.call(commands.getRegionInfo, words(32, 0, framebuffer, 0, 0, 0, 0, 0));
    expect(fds).toHaveLength(1);
    expect(() => ftruncateSync(fds[0] ?? -1, 0)).toThrow('EPERM');
    expect(client.read(framebuffer, 0x2000, 4)).toHaveLength(4);
    await othersAreServed();
    for (const fd of fds) closeSync(fd);
  });

  it('never answers what it is asked: it is asked no more, and costs no memory', async () => {
    const { client } = await gpu();
    using _client = client;
    expect(client.map(0x100000, 0x400000)).toBe(0);
    const write = (register: number, value: number) =>
      client.send(commands.regionWrite, Buffer.concat([pack([64, register], [32, bar], [32, 4]), words(value)]), [], flags.noReply);
    for (const [place, value] of [0x100000, 0x200000, 1024 * 1024].entries())
      client.setRegister(bar, copyEngine.source + 8 * place, value, 64);
    const before = await emulator.memory();
    for (let round = 0; round < 500; round++) {
      write(copyEngine.doorbell, 1);
      write(copyEngine.release, 1);
    }
    await othersAreServed();
    let asked = 0;
    for (let next = client.next(100); next !== undefined; next = client.next(100)) if (next.command === commands.dmaRead) asked++;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(64);
    expect((await emulator.memory()) - before).toBeLessThan(64);
  });

  it('shares more files than it may: the next is refused, and others can still share theirs', async () => {
    const { client } = await gpu();
    using _client = client;
    const files = Array.from({ length: 200 }, () => client.libc.memfd('ram', page));
    const answers = files.map((fd, place) => client.map(0x100000 + place * page, page, fd));
    expect(new Set(answers)).toEqual(new Set([0, EMFILE]));
    const other = await gpu();
    using _other = other.client;
    expect(other.client.map(0x100000, page)).toBe(0);
    await othersAreServed();
    for (const fd of files) closeSync(fd);
  });

  it('shares one file in many mappings: it is kept once', async () => {
    const { client } = await gpu();
    using _client = client;
    const file = client.libc.memfd('ram', 1000 * page);
    const before = await emulator.fds();
    for (let place = 0; place < 1000; place++) expect(client.map(0x100000 + 2 * place * page, page, file, place * page)).toBe(0);
    expect(await emulator.fds()).toBeLessThanOrEqual(before + 1);
    closeSync(file);
    startCopy(client, 0x100000, 0x100000 + 1998 * page, 16);
    expect(waitForCopy(client)).toBe(0);
  });

  it('connects until there are no file descriptors left: they are turned away, and others served when it has gone', async () => {
    const { path } = await gpu();
    const portless = await emulator.create('mtty', 'mtty-1', deviceID(++made));
    const crowd: Client[] = [];
    for (const socket of [path, portless]) for (let count = 0; count < 120; count++) crowd.push(new Client(socket));
    for (const each of crowd) each[Symbol.dispose]();
    await othersAreServed();
    expect(emulator.child.exitCode).toBeNull();
  });

  it('connects and says nothing, 64 times over: who comes after them is served', async () => {
    const path = await emulator.create('mtty', 'mtty-1', deviceID(++made));
    const silent = Array.from({ length: 64 }, () => new Client(path));
    using client = new Client(path);
    expect(client.negotiate().errno).toBe(0);
    for (const each of silent) each[Symbol.dispose]();
  });
});

describe('a client', () => {
  it('that ends before its VERSION is answered does not keep the next one out', async () => {
    const path = await emulator.create('mtty', 'mtty-1', deviceID(++made));
    for (let round = 0; round < 200; round++) {
      const hasty = new Client(path);
      hasty.sendRaw(message(1, commands.version, version, 0));
      hasty[Symbol.dispose]();
      using next = new Client(path);
      expect(next.negotiate().errno).toBe(0);
    }
  });

  it('may know of larger transfers than there are numbers for', async () => {
    using client = new Client(await emulator.create('mtty', 'mtty-1', deviceID(++made)));
    const text = '{"capabilities":{"max_data_xfer_size":18446744073709551615,"max_msg_fds":18446744073709551615}}\0';
    expect(client.call(commands.version, Buffer.concat([pack([16, 0], [16, 1]), Buffer.from(text)])).errno).toBe(0);
  });

  it('may say any offset of memory that it shares no file of', async () => {
    const { client } = await gpu();
    using _client = client;
    expect(client.map(0x100000, page, undefined, 1)).toBe(0);
  });

  it('cannot share a file that is appended to wherever it is written', async () => {
    const { client } = await gpu();
    using _client = client;
    const path = join(emulator.folder, 'appended');
    const file = openSync(path, 'a+');
    ftruncateSync(file, 2 * page);
    expect(client.map(0x100000, 2 * page, file)).toBe(EINVAL);
    expect(client.map(0x100000, 2 * page, file, 0, 1)).toBe(0);
    closeSync(file);
    rmSync(path);
  });

  // Only who has the capability can show that having it elsewhere does not count.
  it.skipIf(!hasIPCLock())(
    'has no CAP_IPC_LOCK by having it in a user namespace of its own [skipped without that capability]',
    async () => {
      const path = await emulator.create('gpu', 'vgpu', deviceID(++made));
      await using copying = await startCopying(path, 10, [...memlockPrefix(16 * page), 'unshare', '--user', '--map-root-user']);
      expect(copying.errno).toBe(ENOMEM);
    },
  );
});

it('a serial peer that has sent all it has to say still hears the answer', async () => {
  const id = deviceID(++made);
  await emulator.provider.create({ id, parent: 'mtty', typeID: 'mtty-1' }, AbortSignal.timeout(5000));
  await emulator.provider.setAttribute(id, 'vendor/port0_backend', 'socket', AbortSignal.timeout(5000));
  const folder = join(emulator.folder, 'vfio-user');
  using client = new Client(join(folder, `${id}.sock`));
  client.negotiate();
  const peer = connect({ path: join(folder, `${id}.port0`), allowHalfOpen: true });
  await once(peer, 'connect');
  let heard = '';
  peer.setEncoding('latin1').on('data', (text: string) => (heard += text));
  peer.end('cmd');
  const uart = { data: 0, modemControl: 4, lineStatus: 5 } as const;
  // Request to send: the peer's data is let through.
  client.write(0, uart.modemControl, Buffer.of(2));
  const line = (): number => (client.read(0, uart.lineStatus, 1) as Buffer)[0] ?? 0;
  let received = '';
  await expect
    .poll(() => {
      if ((line() & 1) !== 0) received += String.fromCharCode((client.read(0, uart.data, 1) as Buffer)[0] ?? 0);
      return received;
    })
    .toBe('cmd');
  client.write(0, uart.data, Buffer.from('R'));
  await expect.poll(() => heard).toBe('R');
  peer.destroy();
});
