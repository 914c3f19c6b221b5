import { describe, expect, it } from 'vitest';
import { deviceInfo, irqInfo } from './info.ts';
import { struct } from './testing/structs.ts';
import { irq, TestModel } from './testing/test-model.ts';

const request = (argsz: number, ...rest: readonly number[]): Uint8Array => struct(argsz, ...rest);

describe('VFIO_DEVICE_GET_INFO', () => {
  it('tells the kind of device, whether it can be reset, and how many regions and interrupt indexes it has', () => {
    expect(deviceInfo(new TestModel(), request(16, 0, 0, 0))).toEqual(struct(16, 0b11, 5, 5));
    expect(deviceInfo(new TestModel({ api: 'vfio-ccw', plain: true }), request(16, 0, 0, 0))).toEqual(struct(16, 0b1_0000, 5, 5));
    expect(deviceInfo(new TestModel({ api: 'vfio-ap', regions: [], irqs: [] }), request(16, 0, 0, 0))).toEqual(struct(16, 0b10_0001, 0, 0));
  });

  it('takes no notice of what else the user has written, and answers no more than the struct', () => {
    const clean = deviceInfo(new TestModel(), request(16, 0, 0, 0));
    expect(deviceInfo(new TestModel(), request(16, 0xffff_ffff, 77, 78))).toEqual(clean);
    expect(deviceInfo(new TestModel(), request(4096, 1, 2, 3, 4, 5, 6))).toEqual(clean);
  });

  it('reads a request that is part of a larger buffer', () => {
    const buffer = new Uint8Array(64).fill(0xff);
    buffer.set(request(16, 0, 0, 0), 7);
    expect(deviceInfo(new TestModel(), buffer.subarray(7, 23))).toHaveLength(16);
  });

  it('refuses an argsz without room for the struct by EINVAL, and memory that ends before it by EFAULT', () => {
    const model = new TestModel();
    for (const argsz of [0, 4, 15]) expect(() => deviceInfo(model, request(argsz, 0, 0, 0))).toThrow('EINVAL');
    expect(() => deviceInfo(model, request(4))).toThrow('EINVAL');
    for (const length of [0, 3, 4, 15]) expect(() => deviceInfo(model, request(16, 0, 0, 0).subarray(0, length))).toThrow('EFAULT');
  });
});

describe('VFIO_DEVICE_GET_IRQ_INFO', () => {
  it.each([
    ['a level-triggered line', irq.intx, 0b0111, 1],
    ['vectors set up together', irq.msi, 0b1001, 2],
    ['vectors of their own', irq.msix, 0b0011, 4],
    ['an index without interrupts', irq.error, 0b1001, 0],
  ])('tells what %s can do', (_, index, flags, count) => {
    expect(irqInfo(new TestModel().irqs, request(16, 0xffff_ffff, index, 99))).toEqual(struct(16, flags, index, count));
  });

  it('tells by a flag each what an index can do', () => {
    const none = { count: 1, eventfd: false, maskable: false, automasked: false, noResize: false };
    const flagsOf = (change: object): number | undefined => irqInfo([{ ...none, ...change }], request(16, 0, 0, 0))[4];
    expect([flagsOf({}), flagsOf({ eventfd: true }), flagsOf({ maskable: true })]).toEqual([0, 1, 2]);
    expect([flagsOf({ automasked: true }), flagsOf({ noResize: true })]).toEqual([4, 8]);
  });

  it('refuses an index past the last', () => {
    for (const index of [5, 0xffff_ffff]) expect(() => irqInfo(new TestModel().irqs, request(16, 0, index, 0))).toThrow('EINVAL');
    expect(() => irqInfo(new TestModel().irqs, request(15, 0, 0, 0))).toThrow('EINVAL');
    expect(() => irqInfo(new TestModel().irqs, request(16, 0, 0))).toThrow('EFAULT');
  });
});
