import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../src/lib/errno.ts';
import { commands } from '../../src/emulator/vfio-user/wire.ts';
import { Client, message, pack, words } from './client.ts';
import { roomyProfile } from './profile.ts';
import { deviceID, startEmulator, type EmulatorProcess } from './emulator.ts';

const { EINVAL, EEXIST, ENOENT, EBUSY, EACCES, EOPNOTSUPP } = errnoNumbers;
const config = 7;
const page = 4096;

let emulator: EmulatorProcess;
let made = 0;

beforeAll(async () => {
  emulator = await startEmulator(roomyProfile);
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
});

/** The socket of a new serial device, or of another parent's. */
async function device(parent = 'mtty', typeID = 'mtty-1'): Promise<string> {
  return emulator.create(parent, typeID, deviceID(++made));
}

/** A client of a new device, which has agreed on the version. */
async function client(parent?: string, typeID?: string): Promise<Client> {
  const connected = new Client(await device(parent, typeID));
  connected.negotiate();
  return connected;
}

describe('VERSION', () => {
  it('answers with the version of the client, at most 0.1, and what can be done', async () => {
    using connected = new Client(await device());
    const { errno, payload } = connected.negotiate();
    expect(errno).toBe(0);
    expect([payload.readUInt16LE(0), payload.readUInt16LE(2)]).toEqual([0, 1]);
    expect(payload.at(-1)).toBe(0);
    expect(JSON.parse(payload.subarray(4, -1).toString())).toEqual({
      capabilities: { max_msg_fds: 16, max_data_xfer_size: 1048576, max_dma_maps: 65535, pgsizes: 4096, write_multiple: true },
    });
  });

  it('is never answered with more than was proposed', async () => {
    using connected = new Client(await device());
    expect(connected.call(commands.version, pack([16, 0], [16, 0])).payload.readUInt16LE(2)).toBe(0);
  });

  it.each([
    ['another major version', pack([16, 1], [16, 0])],
    ['no version', Buffer.alloc(2)],
    ['no JSON', Buffer.concat([pack([16, 0], [16, 1]), Buffer.from('{"capabilities":\0')])],
    ['no NUL at its end', Buffer.concat([pack([16, 0], [16, 1]), Buffer.from('{}')])],
    ['a limit that is none', Buffer.concat([pack([16, 0], [16, 1]), Buffer.from('{"capabilities":{"max_data_xfer_size":-1}}\0')])],
  ])('with %s is refused with EINVAL, and the connection ends', async (_, payload) => {
    using connected = new Client(await device());
    expect(connected.call(commands.version, payload).errno).toBe(EINVAL);
    expect(connected.isEnded).toBe(true);
  });

  it('must come first', async () => {
    using connected = new Client(await device());
    expect(connected.call(commands.getInfo, words(16, 0, 0, 0)).errno).toBe(EINVAL);
    expect(connected.isEnded).toBe(true);
  });

  it('must not come twice', async () => {
    using connected = await client();
    expect(connected.negotiate().errno).toBe(EINVAL);
    expect(connected.call(commands.getInfo, words(16, 0, 0, 0)).errno).toBe(0);
  });
});

describe('information', () => {
  it('is in the form of linux/vfio.h', async () => {
    using connected = await client();
    expect(connected.call(commands.getInfo, words(16, 0, 0, 0)).payload).toEqual(words(16, 3, 9, 5));
    expect(connected.call(commands.getIRQInfo, words(16, 0, 0, 0)).payload).toEqual(words(16, 7, 0, 1));
    const region = connected.call(commands.getRegionInfo, words(32, 0, config, 0, 0, 0, 0, 0));
    expect(region.payload).toEqual(Buffer.concat([words(32, 3, config, 0), pack([64, 256], [64, 0])]));
    expect(region.fds).toEqual([]);
  });

  it('has the file of a region that can be mapped, and its areas for those who have room for them', async () => {
    using connected = await client('gpu', 'vgpu');
    const short = connected.call(commands.getRegionInfo, words(32, 0, 1, 0, 0, 0, 0, 0));
    const needed = short.payload.readUInt32LE(0);
    expect(short.payload).toHaveLength(32);
    expect(needed).toBeGreaterThan(32);
    expect(short.payload.readUInt32LE(12)).toBe(0);
    const whole = connected.call(commands.getRegionInfo, words(needed, 0, 1, 0, 0, 0, 0, 0));
    expect(whole.payload).toHaveLength(needed);
    expect([whole.payload.readUInt32LE(4), whole.payload.readUInt32LE(12)]).toEqual([0xf, 32]);
    expect([whole.payload.readUInt16LE(32), whole.payload.readUInt16LE(34), whole.payload.readUInt32LE(40)]).toEqual([1, 1, 1]);
    const [fd = -1] = whole.fds;
    // What is written to the mapped file is there for the device.
    writeSync(fd, Buffer.from('drawn'), 0, 5, 2 * page);
    expect(connected.read(1, 2 * page, 5)).toEqual(Buffer.from('drawn'));
    for (const each of [...short.fds, ...whole.fds]) closeSync(each);
  });

  it.each([
    ['GET_INFO', commands.getInfo, words(15, 0, 0, 0)],
    ['GET_INFO too short', commands.getInfo, words(16, 0)],
    ['GET_REGION_INFO with a small argsz', commands.getRegionInfo, words(31, 0, 0, 0, 0, 0, 0, 0)],
    ['GET_REGION_INFO of no region', commands.getRegionInfo, words(32, 0, 9, 0, 0, 0, 0, 0)],
    ['GET_IRQ_INFO of no index', commands.getIRQInfo, words(16, 0, 5, 0)],
    ['GET_REGION_IO_FDS of no region', commands.getRegionIOFds, words(16, 0, 9, 0)],
  ])('is refused with EINVAL: %s', async (_, command, payload) => {
    using connected = await client();
    expect(connected.call(command, payload).errno).toBe(EINVAL);
  });

  it('names no file descriptors to access regions by', async () => {
    using connected = await client();
    expect(connected.call(commands.getRegionIOFds, words(16, 0, 0, 0)).payload).toEqual(words(16, 0, 0, 0));
  });
});

describe('regions', () => {
  it('are read and written, and cut at their end', async () => {
    using connected = await client();
    expect((connected.read(config, 0, 4) as Buffer).toString('hex')).toBe('48435332');
    expect(connected.read(config, 250, 100)).toHaveLength(6);
    expect(connected.write(config, 0x3c, Buffer.of(3))).toBe(0);
    expect(connected.read(config, 0x3c, 1)).toEqual(Buffer.of(3));
  });

  it.each([
    ['no region', 1, 0, 4],
    ['beyond its end', config, 256, 1],
    ['at 2^63', config, 2n ** 63n, 4],
    ['index past the table', 9, 0, 4],
    ['more than a message may have', config, 0, 1048577],
  ] as const)('are not there for %s: EINVAL', async (_, region, offset, count) => {
    using connected = await client();
    expect(connected.read(region, offset, count)).toBe(EINVAL);
  });

  it('refuse a write whose size is not its count', async () => {
    using connected = await client();
    const payload = Buffer.concat([pack([64, 4], [32, config], [32, 8]), Buffer.alloc(2)]);
    expect(connected.call(commands.regionWrite, payload).errno).toBe(EINVAL);
    expect(connected.call(commands.regionRead, Buffer.alloc(15)).errno).toBe(EINVAL);
  });

  it('take many writes at once, all or those before the first that is refused', async () => {
    using connected = await client();
    const one = (region: number, value: number): Buffer => pack([64, 0x3c], [32, region], [32, 1], [64, value]);
    const all = connected.call(commands.regionWriteMulti, Buffer.concat([pack([64, 2]), one(config, 5), one(config, 9)]));
    expect([all.errno, all.payload.readBigUInt64LE()]).toEqual([0, 2n]);
    expect((connected.read(config, 0x3c, 1) as Buffer)[0]).toBe(9);
    const some = connected.call(commands.regionWriteMulti, Buffer.concat([pack([64, 2]), one(config, 7), one(8, 1)]));
    expect([some.errno, some.payload.readBigUInt64LE()]).toEqual([0, 1n]);
    expect((connected.read(config, 0x3c, 1) as Buffer)[0]).toBe(7);
    expect(connected.call(commands.regionWriteMulti, Buffer.concat([pack([64, 3]), one(config, 1)])).errno).toBe(EINVAL);
    expect(connected.call(commands.regionWriteMulti, Buffer.concat([pack([64, 2n ** 63n]), one(config, 1)])).errno).toBe(EINVAL);
  });

  it('come back to their first state by RESET', async () => {
    using connected = await client();
    connected.write(config, 0x3c, Buffer.of(9));
    expect(connected.call(commands.reset).errno).toBe(0);
    expect((connected.read(config, 0x3c, 1) as Buffer)[0]).toBe(0);
    expect(connected.call(commands.reset, Buffer.alloc(4)).errno).toBe(EINVAL);
  });
});

describe('DMA_MAP and DMA_UNMAP', () => {
  it('map a range once, and unmap exactly that', async () => {
    using connected = await client();
    expect(connected.map(0x10000, 2 * page)).toBe(0);
    expect(connected.map(0x11000, page)).toBe(EEXIST);
    expect(connected.unmap(0x10000, page).errno).toBe(ENOENT);
    const { errno, payload } = connected.unmap(0x10000, 2 * page);
    expect([errno, payload.readBigUInt64LE(16)]).toEqual([0, BigInt(2 * page)]);
    expect(connected.unmap(0x10000, 2 * page).errno).toBe(ENOENT);
  });

  it('unmap all', async () => {
    using connected = await client();
    connected.map(0x10000, page);
    connected.map(0x20000, page);
    expect(connected.unmap(0, page, 2).errno).toBe(EINVAL);
    expect(connected.unmap(0, 0, 2).payload.readBigUInt64LE(16)).toBe(BigInt(2 * page));
    expect(connected.map(0x10000, page)).toBe(0);
  });

  it.each([
    ['nothing', 0x10000, 0, 3],
    ['half a page', 0x10000, 2048, 3],
    ['no page', 0x10001, page, 3],
    ['beyond the end', 2n ** 64n - 4096n, 2 * page, 3],
    ['no right', 0x10000, page, 0],
    ['an unknown flag', 0x10000, page, 7],
  ] as const)('refuse with EINVAL to map %s', async (_, iova, size, flags) => {
    using connected = await client();
    expect(connected.map(iova, size, undefined, 0, flags)).toBe(EINVAL);
  });

  it('take files only that are memory: long enough, opened for it, and nothing that could be waited for', async () => {
    using connected = await client();
    const { libc } = connected;
    const memory = libc.memfd('test', 2 * page);
    expect(connected.map(0x10000, 2 * page, memory)).toBe(0);
    expect(connected.map(0x20000, 2 * page, memory, page)).toBe(EINVAL);
    ftruncateSync(memory, page);
    expect(connected.map(0x20000, 2 * page, memory)).toBe(EINVAL);
    const folder = openSync('/tmp', 'r');
    const device = openSync('/dev/zero', 'r');
    const readOnly = openSync(`/proc/self/fd/${memory}`, 'r');
    const event = libc.eventfd();
    expect([folder, device, event].map((fd) => connected.map(0x20000, page, fd))).toEqual([EINVAL, EINVAL, EINVAL]);
    expect(connected.map(0x20000, page, readOnly)).toBe(EACCES);
    expect(connected.map(0x20000, page, readOnly, 0, 1)).toBe(0);
    expect(connected.call(commands.dmaMap, pack([32, 32], [32, 3], [64, 0], [64, 0x40000], [64, page]), [memory, memory]).errno).toBe(
      EINVAL,
    );
    for (const fd of [folder, device, readOnly, event, memory]) closeSync(fd);
  });
});

describe('SET_IRQS', () => {
  const eventTrigger = 0x24;
  const set = (flags: number, count: number, index = 0, start = 0): Buffer => words(20, flags, index, start, count);
  const signals = (connected: Client, event: number): bigint => {
    const count = new Uint8Array(8);
    return connected.libc.read(event, count) === 8 ? new DataView(count.buffer).getBigUint64(0, true) : 0n;
  };

  it('tells eventfds of interrupts, and none any more when they are taken away', async () => {
    using connected = await client();
    const event = connected.libc.eventfd();
    expect(connected.call(commands.setIRQs, set(eventTrigger, 1), [event]).errno).toBe(0);
    expect(connected.call(commands.setIRQs, set(0x21, 1)).errno).toBe(0);
    expect(signals(connected, event)).toBe(1n);
    expect(connected.call(commands.setIRQs, set(eventTrigger, 1)).errno).toBe(0);
    connected.call(commands.setIRQs, set(0x21, 1));
    expect(signals(connected, event)).toBe(0n);
    connected.libc.close(event);
  });

  it('unmasks when the event for that is signalled', async () => {
    using connected = await client('igd', 'igd');
    const { libc } = connected;
    const [event, unmask] = [libc.eventfd(), libc.eventfd()];
    connected.write(config, 4, pack([16, 7]));
    connected.call(commands.setIRQs, set(eventTrigger, 1), [event]);
    expect(connected.call(commands.setIRQs, set(0x14, 1), [unmask]).errno).toBe(0);
    connected.setRegister(0, 0x44, 1);
    connected.setRegister(0, 0x48, 1);
    expect(signals(connected, event)).toBe(1n);
    libc.write(unmask, new Uint8Array(new BigUint64Array([1n]).buffer));
    expect(libc.wait(event, 'in', 5000)).toBe(true);
    expect(signals(connected, event)).toBe(1n);
    for (const fd of [event, unmask]) libc.close(fd);
  });

  it('refuses what is no eventfd, and other numbers of them', async () => {
    using connected = await client();
    const { libc } = connected;
    const event = libc.eventfd();
    const file = openSync('/dev/null', 'w');
    expect(connected.call(commands.setIRQs, set(eventTrigger, 1), [file]).errno).toBe(EINVAL);
    expect(connected.call(commands.setIRQs, set(eventTrigger, 1), [event, event]).errno).toBe(EINVAL);
    expect(connected.call(commands.setIRQs, set(0x21, 1), [event]).errno).toBe(EINVAL);
    expect(connected.call(commands.setIRQs, set(eventTrigger, 2), [event, event]).errno).toBe(EINVAL);
    expect(connected.call(commands.setIRQs, set(0x26, 1), [event]).errno).toBe(EINVAL);
    expect(connected.call(commands.setIRQs, set(eventTrigger, 1, 1), [event]).errno).toBe(EINVAL);
    closeSync(file);
    libc.close(event);
  });

  it('is not held up by an event whose count is at its highest', async () => {
    using connected = await client();
    const { libc } = connected;
    const event = libc.eventfd();
    libc.write(event, new Uint8Array(new BigUint64Array([2n ** 64n - 2n]).buffer));
    connected.call(commands.setIRQs, set(eventTrigger, 1), [event]);
    expect(connected.call(commands.setIRQs, set(0x21, 1)).errno).toBe(0);
    expect(connected.register(config, 0)).toBe(0x32534348);
    libc.close(event);
  });
});

describe('messages', () => {
  it('of unknown commands are refused with EOPNOTSUPP', async () => {
    using connected = await client();
    for (const command of [0, 11, 12, 14, 16, 99, 65535]) expect(connected.call(command).errno).toBe(EOPNOTSUPP);
  });

  it('that want no answer get none, not even an error', async () => {
    using connected = await client();
    connected.send(99, undefined, [], 0x10);
    connected.send(commands.regionWrite, Buffer.concat([pack([64, 0x3c], [32, config], [32, 1]), Buffer.of(5)]), [], 0x10);
    const id = connected.send(commands.regionRead, pack([64, 0x3c], [32, config], [32, 1]));
    expect(connected.next()).toMatchObject({ id, payload: Buffer.concat([pack([64, 0x3c], [32, config], [32, 1]), Buffer.of(5)]) });
  });

  it('may come in pieces, and many at once, and are answered in order', async () => {
    using connected = await client();
    for (const byte of message(7, commands.getInfo, words(16, 0, 0, 0))) connected.sendRaw(Buffer.of(byte));
    expect(connected.answerTo(7).payload).toEqual(words(16, 3, 9, 5));
    const read = pack([64, 0], [32, config], [32, 4]);
    const ids = Array.from({ length: 500 }, (_, index) => 1000 + index);
    connected.sendRaw(Buffer.concat(ids.map((id) => message(id, commands.regionRead, read))));
    expect(ids.map(() => connected.next()?.id)).toEqual(ids);
  });

  it.each([
    ['of fewer bytes than a header', pack([16, 1], [16, 4], [32, 15], [32, 0], [32, 0])],
    ['that are huge', pack([16, 1], [16, 4], [32, 0xffffffff], [32, 0], [32, 0])],
    ['that answer nothing', message(1, commands.dmaRead, Buffer.alloc(16), 1)],
    ['of a kind that is none', message(1, commands.getInfo, words(16, 0, 0, 0), 2)],
  ])('%s end their connection and nothing else', async (_, bytes) => {
    using other = await client();
    using connected = await client();
    connected.sendRaw(bytes);
    expect(connected.isEnded).toBe(true);
    expect(other.call(commands.getInfo, words(16, 0, 0, 0)).errno).toBe(0);
  });

  it('with file descriptors that no command wants lose them, and nothing else', async () => {
    using connected = await client();
    const before = await emulator.fds();
    const fds = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'));
    for (let count = 0; count < 50; count++) expect(connected.call(commands.getInfo, words(16, 0, 0, 0), fds).errno).toBe(0);
    expect(await emulator.fds()).toBe(before);
    for (const fd of fds) closeSync(fd);
  });
});

describe('a device', () => {
  it('has a socket of mode 0600, which goes with it', async () => {
    const id = deviceID(++made);
    const path = await emulator.create('mtty', 'mtty-1', id);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await emulator.provider.remove(id, AbortSignal.timeout(5000));
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('has one user at a time, also of the same process, and keeps its state for the next', async () => {
    const path = await device();
    const first = new Client(path);
    first.negotiate();
    first.write(config, 0x3c, Buffer.of(11));
    using second = new Client(path);
    expect(second.negotiate().errno).toBe(EBUSY);
    expect(second.isEnded).toBe(true);
    first[Symbol.dispose]();
    using third = new Client(path);
    expect(third.negotiate().errno).toBe(0);
    expect((third.read(config, 0x3c, 1) as Buffer)[0]).toBe(11);
  });

  it('names the process that has it, is not removed meanwhile, and is free when that is gone', async () => {
    const id = deviceID(++made);
    const path = await emulator.create('mtty', 'mtty-1', id);
    const signal = AbortSignal.timeout(10_000);
    const connected = new Client(path);
    connected.negotiate();
    const { inUse, known } = await emulator.provider.users(id, signal);
    expect([inUse, known.map(({ pid }) => pid)]).toEqual([true, [process.pid]]);
    expect(known[0]?.comm).not.toBe('');
    expect((await emulator.provider.listUses(signal)).map((use) => use.id)).toContain(id);
    await expect(emulator.provider.remove(id, signal)).rejects.toMatchObject({ code: 'EBUSY', step: 'claim' });
    connected[Symbol.dispose]();
    await expect.poll(async () => (await emulator.provider.users(id, signal)).inUse).toBe(false);
    await emulator.provider.remove(id, signal);
  });

  it('that is claimed or gone cannot be opened', async () => {
    const id = deviceID(++made);
    const path = await emulator.create('mtty', 'mtty-1', id);
    await using _hold = await emulator.host.holdOpen(id, { pid: 1, comm: 'other' }, AbortSignal.timeout(5000));
    using connected = new Client(path);
    expect(connected.negotiate().errno).toBe(EBUSY);
    expect(connected.isEnded).toBe(true);
  });
});
