import { describe, expect, it } from 'vitest';
import { readBytes, readNumber, writeBytes, writeNumber } from '../testing/access.ts';
import { MemoryUser } from '../testing/device-user.ts';
import { ConfigSpace } from './config-space.ts';
import { pciFunction, regionIndex } from './function.ts';
import { IntxPin } from './intx.ts';
import { irqIndex } from './irqs.ts';
import type { Register } from './registers.ts';
import { registerRegion, ValueRegister } from './registers.ts';

const identity = { vendorID: 1, deviceID: 2, subsystemVendorID: 3, subsystemID: 4, revision: 5, classCode: 0x030000 };
const bar = { index: 0, kind: 'memory32', prefetchable: false, size: 0x1000 } as const;

function made() {
  const config = new ConfigSpace(identity, [bar]);
  const pin = new IntxPin(config);
  const value = new ValueRegister(7);
  const log: number[] = [];
  const registers = new Map<number, Register>([
    [0x10, value],
    [0x14, { write: (written) => log.push(written) }],
    [0x18, { read: () => 0x8899_aabb }],
  ]);
  const model = pciFunction({
    config,
    pin,
    bars: [{ ...bar, handler: registerRegion(registers) }],
    ownRegions: [{ size: 16, type: 0x8000_1234, subtype: 9, handler: { read: (offset, into) => into.fill(offset) } }],
    reset: () => {
      value.reset();
      pin.set(false);
    },
  });
  const user = new MemoryUser();
  user.open(model);
  return { model, pin, user, log };
}

const status = 0x06;
const command = 0x04;
const intxDisable = 0x400;

describe('a PCI function', () => {
  it('shows the nine regions and five interrupts that QEMU asks for, and its own after them', () => {
    const { model } = made();
    expect(model.regions.map(({ size }) => size)).toEqual([0x1000, 0, 0, 0, 0, 0, 0, 256, 0, 16]);
    expect(model.regions[9]).toMatchObject({ readable: true, writable: false, type: { type: 0x8000_1234, subtype: 9 } });
    expect(model.irqs.map(({ count }) => count)).toEqual([1, 0, 0, 1, 1]);
    expect(model.irqs[irqIndex.intx]).toEqual({ count: 1, eventfd: true, maskable: true, automasked: true, noResize: false });
  });

  it('reads a register in pieces of any size, and writes whole ones only', () => {
    const { model, log } = made();
    expect(Buffer.from(readBytes(model, 0, 0x17, 6)).toString('hex')).toBe('00bbaa998800');
    writeNumber(model, 0, 0x10, 4, 0x0102_0304);
    writeNumber(model, 0, 0x11, 1, 0xff);
    writeNumber(model, 0, 0x12, 4, 0xffff_ffff);
    expect(readNumber(model, 0, 0x10, 4)).toBe(0x0102_0304);
    writeBytes(model, 0, 0x0e, Uint8Array.of(9, 9, 1, 0, 0, 0, 2, 0, 0, 0, 9));
    expect(readNumber(model, 0, 0x10, 4)).toBe(1);
    expect(log).toEqual([2]);
  });

  it('answers accesses to a BAR though the command register decodes none', () => {
    const { model } = made();
    expect(readNumber(model, regionIndex.config, command, 2)).toBe(0);
    expect(readNumber(model, 0, 0x10, 4)).toBe(7);
  });

  it('lets its interrupt out unless the command register forbids it, and always shows it in the status', () => {
    const { model, pin, user } = made();
    const inStatus = (): boolean => (readNumber(model, regionIndex.config, status, 2) & 8) !== 0;
    pin.set(true);
    expect([user.levels.get(0), inStatus()]).toEqual([true, true]);
    writeNumber(model, regionIndex.config, command, 2, intxDisable);
    expect([user.levels.get(0), inStatus()]).toEqual([false, true]);
    pin.set(false);
    expect([user.levels.get(0), inStatus()]).toEqual([false, false]);
    pin.set(true);
    expect(user.signalsOf(0)).toBe(1);
    writeNumber(model, regionIndex.config, command, 2, 0);
    expect([user.levels.get(0), user.signalsOf(0)]).toEqual([true, 2]);
  });

  it('is as at power-on after a reset, with no interrupt on the way', () => {
    const { model, pin, user } = made();
    writeNumber(model, regionIndex.config, command, 2, intxDisable);
    writeNumber(model, 0, 0x10, 4, 99);
    pin.set(true);
    model.reset?.();
    expect(readNumber(model, regionIndex.config, command, 4)).toBe(0x0200_0000);
    expect(readNumber(model, 0, 0x10, 4)).toBe(7);
    expect(user.signalsOf(0)).toBe(0);
  });

  it('signals the request interrupt when somebody wants the device back', () => {
    const { model, user } = made();
    model.request?.();
    expect(user.signalsOf(irqIndex.request)).toBe(1);
    user.close();
    model.request?.();
    expect(user.strayCalls).toBe(0);
  });

  it('keeps its state between users, and tells the next one of an interrupt that waits', () => {
    const { model, pin, user } = made();
    writeNumber(model, 0, 0x10, 4, 99);
    user.close();
    pin.set(true);
    expect(user.strayCalls).toBe(0);
    for (const next of [new MemoryUser(), new MemoryUser()]) {
      next.open(model);
      expect(next.levels.get(0)).toBe(true);
      next.close();
    }
    pin.set(false);
    const last = new MemoryUser();
    last.open(model);
    expect(last.levels.get(0)).not.toBe(true);
    expect(readNumber(model, 0, 0x10, 4)).toBe(99);
  });

  it('refuses what it has not', () => {
    const { model } = made();
    expect(() => model.read(6, 0, new Uint8Array(1))).toThrow('EINVAL');
    expect(() => model.write(9, 0, new Uint8Array(1))).toThrow('EINVAL');
  });
});
