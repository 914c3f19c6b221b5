import { describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../../lib/errno.ts';
import { readBytes, writeBytes } from '../testing/access.ts';
import { MemoryUser } from '../testing/device-user.ts';
import { ccwIRQ, ccwModel } from './ccw-model.ts';

const size = 140;
const page = 4096;
const start = 0x4000;
const [CC, SLI, SKIP, CD, IDA] = [0x40, 0x20, 0x10, 0x80, 0x04];
const ended = 0x0c;
/** Bits of the status control: primary, secondary, pending; and alert. */
const [usual, alert] = [0x07, 0x17];

type CCW = readonly [command: number, flags: number, count: number, address: number];

/** So many commands without effect, each chained to the next. */
function nops(count: number): CCW[] {
  return Array.from({ length: count }, () => [0x03, CC | SLI, 1, 0]);
}

/** A device with four pages of memory at 0, the last one read-only, and the hands of a driver. */
function opened() {
  const model = ccwModel();
  const user = new MemoryUser();
  user.open(model);
  const memory = user.map(0, 3 * page);
  user.map(3 * page, page, { writable: false });
  const put = (address: number, ccws: readonly CCW[], format1 = true): void => {
    const view = new DataView(memory.buffer);
    for (const [index, [command, flags, count, data]] of ccws.entries()) {
      const at = address + 8 * index;
      if (format1) {
        view.setUint8(at, command);
        view.setUint8(at + 1, flags);
        view.setUint16(at + 2, count);
        view.setUint32(at + 4, data);
      } else {
        view.setUint32(at, ((command << 24) | data) >>> 0);
        view.setUint8(at + 4, flags);
        view.setUint16(at + 6, count);
      }
    }
  };
  /** The region with a request. */
  const request = (address: number, init: { readonly functions?: number; readonly control?: number } = {}): Uint8Array => {
    const region = new DataView(new ArrayBuffer(size));
    region.setUint32(4, init.control ?? 0x0080_0000);
    region.setUint32(8, address);
    region.setUint32(12, init.functions ?? start);
    return new Uint8Array(region.buffer);
  };
  const response = () => {
    const region = Buffer.from(readBytes(model, 0, 0, size));
    return {
      functions: region.readUInt32BE(24) & 0x7000,
      control: region.readUInt32BE(24) & 0x0fff,
      address: region.readUInt32BE(28),
      device: region.readUInt8(32),
      subchannel: region.readUInt8(33),
      residual: region.readUInt16BE(34),
      returnCode: region.readInt32LE(120),
    };
  };
  const run = async (ccws: readonly CCW[], format1 = true) => {
    put(0, ccws, format1);
    writeBytes(model, 0, 0, request(0, { control: format1 ? 0x0080_0000 : 0 }));
    await user.settle();
    return response();
  };
  return { model, user, memory, put, request, response, run };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('vfio-ccw', () => {
  it('has one region of 140 bytes, which is taken whole or not at all', () => {
    const { model } = opened();
    expect(model.regions).toEqual([{ size, readable: true, writable: true }]);
    for (const [offset, length] of [
      [0, 139],
      [1, 139],
      [0, 4],
      [136, 4],
    ] as const) {
      expect(() => model.read(0, offset, new Uint8Array(length))).toThrow('EINVAL');
      expect(() => model.write(0, offset, new Uint8Array(length))).toThrow('EINVAL');
    }
    expect(readBytes(model, 0, 0, size)).toEqual(new Uint8Array(size));
  });

  it('runs a program on a start function: writes a record, reads it back, and interrupts once', async () => {
    const { run, user, memory } = opened();
    memory.set(Buffer.from('a record', 'latin1'), 0x400);
    const end = await run([
      [0x01, CC, 8, 0x400],
      [0x03, CC | SLI, 1, 0],
      [0x02, 0, 8, 0x500],
    ]);
    expect(end).toEqual({ functions: start, control: usual, address: 24, device: ended, subchannel: 0, residual: 0, returnCode: 0 });
    expect(text(memory.subarray(0x500, 0x508))).toBe('a record');
    expect(user.signalsOf(ccwIRQ.io)).toBe(1);
  });

  it('reads programs of format 0 too', async () => {
    const { run, memory } = opened();
    memory.set(Buffer.from('format 0', 'latin1'), 0x400);
    const ccws: CCW[] = [
      [0x01, CC, 8, 0x400],
      [0x02, SLI, 100, 0x500],
    ];
    expect(await run(ccws, false)).toMatchObject({ device: ended, subchannel: 0, residual: 92, address: 16 });
    expect(text(memory.subarray(0x500, 0x508))).toBe('format 0');
  });

  it('goes where a transfer in channel points, but not from one to another, nor from the start', async () => {
    const { run, put, memory } = opened();
    put(0x800, [[0xe4, SLI, 64, 0x500]]);
    const chained: CCW = [0x03, CC | SLI, 1, 0];
    expect(await run([chained, [0x08, 0, 0, 0x800]])).toMatchObject({ control: usual, address: 0x808, residual: 57 });
    expect(memory[0x500]).toBe(0xff);
    expect(await run([[0x08, 0, 0, 0x800]])).toMatchObject({ control: alert, subchannel: 0x20, address: 8 });
    put(0x900, [[0x08, 0, 0, 0x800]]);
    expect(await run([chained, [0x08, 0, 0, 0x900]])).toMatchObject({ control: alert, subchannel: 0x20, address: 0x908 });
  });

  it('refuses a command that the device does not know by unit check, and tells why to who asks', async () => {
    const { run, memory } = opened();
    expect(await run([[0x7f, CC, 1, 0x400]])).toMatchObject({ control: alert, device: ended | 0x02, address: 8 });
    expect(await run([[0x04, 0, 32, 0x500]])).toMatchObject({ control: usual, device: ended });
    expect(memory[0x500]).toBe(0x80);
    await run([[0x04, 0, 32, 0x500]]);
    expect(memory[0x500]).toBe(0);
  });

  it('reports a wrong length unless that is suppressed, and then the chain ends there', async () => {
    const { run } = opened();
    await run([[0x01, 0, 8, 0x400]]);
    expect(await run([[0x02, CC, 10, 0x500]])).toMatchObject({ control: alert, subchannel: 0x40, residual: 2 });
    expect(await run([[0x02, 0, 4, 0x500]])).toMatchObject({ control: alert, subchannel: 0x40, residual: 0 });
    expect(await run([[0x02, SLI, 4, 0x500]])).toMatchObject({ control: usual, subchannel: 0 });
    expect(await run([[0x01, 0, 5000, 0]])).toMatchObject({ control: alert, subchannel: 0x40, residual: 904 });
  });

  it('stores nothing with the skip flag', async () => {
    const { run, memory } = opened();
    memory.fill(7, 0x400, 0x408);
    await run([[0x01, 0, 8, 0x400]]);
    expect(await run([[0x02, SKIP, 8, 0x500]])).toMatchObject({ control: usual, residual: 0 });
    expect(memory[0x500]).toBe(0);
  });

  it.each([
    ['a command of zeroes', [[0x10, 0, 1, 0]], 0x20],
    ['data chaining', [[0x01, CD, 1, 0x400]], 0x20],
    ['indirect addresses', [[0x01, IDA, 1, 0x400]], 0x20],
    ['data that is not mapped', [[0x01, 0, 1, 0x10_0000]], 0x20],
    ['data that is read-only', [[0xe4, SLI, 7, 3 * page]], 0x10],
    ['more than 256 commands', [...nops(256), [0x03, SLI, 1, 0]], 0x20],
  ] as const)('ends a program with %s by a check', async (_, ccws, check) => {
    const { run } = opened();
    expect(await run(ccws)).toMatchObject({ control: alert, subchannel: check });
  });

  it('runs 256 commands', async () => {
    const { run } = opened();
    expect(await run([...nops(255), [0x03, SLI, 1, 0]])).toMatchObject({ control: usual, subchannel: 0, address: 2048 });
  });

  it('ends a program that is not mapped or lies askew by a check', async () => {
    const { model, user, request, response } = opened();
    for (const address of [0x7fff_fff8, 4]) {
      writeBytes(model, 0, 0, request(address));
      await user.settle();
      expect(response()).toMatchObject({ control: alert, subchannel: 0x20, device: 0 });
    }
  });

  it.each([
    ['halt', { functions: 0x2000 }, 'EOPNOTSUPP'],
    ['clear', { functions: 0x1000 }, 'EOPNOTSUPP'],
    ['transport mode', { control: 0x0084_0000 }, 'EOPNOTSUPP'],
    ['no function', { functions: 0 }, 'EINVAL'],
  ] as const)('refuses %s, by errno and by return code, without an interrupt', async (_, init, code) => {
    const { model, user, request, response } = opened();
    expect(() => model.write(0, 0, request(0, init))).toThrow(code);
    await user.settle();
    expect(response().returnCode).toBe(-errnoNumbers[code]);
    expect(user.signalsOf(ccwIRQ.io)).toBe(0);
  });

  it('refuses a request while a program runs, and lets that end', async () => {
    const { model, user, put, request, response } = opened();
    put(0, [
      [0x03, CC | SLI, 1, 0],
      [0x03, SLI, 1, 0],
    ]);
    writeBytes(model, 0, 0, request(0));
    await user.step();
    expect(() => model.write(0, 0, request(0x800))).toThrow('EBUSY');
    await user.settle();
    expect(response()).toMatchObject({ control: usual, address: 16, returnCode: 0 });
  });

  it('forgets all on a reset, a running program first', async () => {
    const { model, user, run, memory, request } = opened();
    await run([[0x01, 0, 8, 0x400]]);
    writeBytes(model, 0, 0, request(0));
    model.reset?.();
    await user.settle();
    expect(readBytes(model, 0, 0, size)).toEqual(new Uint8Array(size));
    expect(user.signalsOf(ccwIRQ.io)).toBe(1);
    memory.fill(0xee, 0x500, 0x508);
    expect(await run([[0x02, SLI, 8, 0x500]])).toMatchObject({ residual: 8 });
    expect(memory[0x500]).toBe(0xee);
  });

  it('ends a program in silence when its user goes', async () => {
    const { model, user, request } = opened();
    user.onAccess = () => {
      user.close();
    };
    writeBytes(model, 0, 0, request(0));
    await user.settle();
    expect([user.strayCalls, user.reported]).toEqual([0, []]);
    const next = new MemoryUser();
    next.open(model);
    expect(readBytes(model, 0, 0, size)).toEqual(new Uint8Array(size));
    model.request?.();
    expect(next.signalsOf(ccwIRQ.request)).toBe(1);
  });
});
