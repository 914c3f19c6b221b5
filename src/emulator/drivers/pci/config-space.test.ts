import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarLayout, PCIIdentity } from './config-space.ts';
import { ConfigSpace, configSize } from './config-space.ts';

const identity: PCIIdentity = {
  vendorID: 0x10de,
  deviceID: 0x13f2,
  subsystemVendorID: 0x1234,
  subsystemID: 0x5678,
  revision: 0xa1,
  classCode: 0x030000,
};
const io: BarLayout = { index: 0, kind: 'io', prefetchable: false, size: 8 };
const registers: BarLayout = { index: 1, kind: 'memory32', prefetchable: false, size: 0x10000 };
const aperture: BarLayout = { index: 2, kind: 'memory64', prefetchable: true, size: 2 ** 28 };
const huge: BarLayout = { index: 4, kind: 'memory64', prefetchable: true, size: 2 ** 33 };

function read(config: ConfigSpace, offset: number, size: number): number {
  const bytes = Buffer.alloc(size);
  config.read(offset, bytes);
  return bytes.readUIntLE(0, size);
}

function write(config: ConfigSpace, offset: number, size: number, value: number): void {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  config.write(offset, bytes);
}

/** What a program finds by writing all ones to a BAR, and its size as it follows from that. */
function sized(config: ConfigSpace, index: number): number {
  write(config, 0x10 + 4 * index, 4, 0xffff_ffff);
  return read(config, 0x10 + 4 * index, 4);
}

describe('a config space', () => {
  it('says who the function is', () => {
    const config = new ConfigSpace(identity, [io]);
    expect(read(config, 0x00, 4)).toBe(0x13f2_10de);
    expect(read(config, 0x08, 4)).toBe(0x0300_00a1);
    expect(read(config, 0x0e, 1)).toBe(0); // header type
    expect(read(config, 0x2c, 4)).toBe(0x5678_1234);
    expect(read(config, 0x34, 1)).toBe(0); // no capabilities, as the status says
    expect(read(config, 0x06, 2)).toBe(0x0200);
    expect(read(config, 0x3c, 2)).toBe(0x0100); // INTA#
  });

  it('tells the size and kind of each BAR to whoever writes all ones to it, and nothing of a BAR it has not', () => {
    const config = new ConfigSpace(identity, [io, registers, aperture, huge]);
    expect(sized(config, 0)).toBe(0xffff_fff9);
    expect(sized(config, 1)).toBe(0xffff_0000);
    expect(sized(config, 2)).toBe(0xf000_000c);
    expect(sized(config, 3)).toBe(0xffff_ffff);
    expect(sized(config, 4)).toBe(0x0000_000c);
    expect(sized(config, 5)).toBe(0xffff_fffe);
    expect(sized(new ConfigSpace(identity, [io]), 1)).toBe(0);
    expect(read(config, 0x28, 4)).toBe(0);
  });

  it('has no ROM', () => {
    const config = new ConfigSpace(identity, [io]);
    write(config, 0x30, 4, 0xffff_ffff);
    expect(read(config, 0x30, 4)).toBe(0);
  });

  it('keeps an address that is written byte by byte, and the command bits of what it has', () => {
    const config = new ConfigSpace(identity, [registers]);
    for (const [index, byte] of [0x00, 0x00, 0x34, 0x12].entries()) write(config, 0x14 + index, 1, byte);
    expect(read(config, 0x14, 4)).toBe(0x1234_0000);
    expect(read(config, 0x15, 3)).toBe(0x12_3400);
    write(config, 0x04, 2, 0xffff);
    expect(read(config, 0x04, 2)).toBe(0x0546); // memory, master, parity, SERR, INTx disable; no I/O
    expect(config.command).toBe(0x0546);
    write(config, 0x05, 1, 0);
    expect(config.command).toBe(0x0046);
  });

  it('shows the interrupt in the status register, which writing does not change', () => {
    const config = new ConfigSpace(identity, [io]);
    config.setInterruptStatus(true);
    write(config, 0x04, 4, 0xffff_0000);
    expect(read(config, 0x06, 2)).toBe(0x0208);
    config.setInterruptStatus(false);
    expect(read(config, 0x06, 2)).toBe(0x0200);
  });

  it('is as at power-on after a reset', () => {
    const config = new ConfigSpace(identity, [io, aperture]);
    const initial = Buffer.alloc(configSize);
    config.read(0, initial);
    config.write(0, Buffer.alloc(configSize, 0xff));
    config.reset();
    const after = Buffer.alloc(configSize);
    config.read(0, after);
    expect(after).toEqual(initial);
  });
});

/** The naive model: which bits can be written, said bit by bit. */
function isWritable(bars: readonly BarLayout[], bit: number): boolean {
  const byte = Math.floor(bit / 8);
  if (byte === 0x04 || byte === 0x05) {
    const number = bit - 0x04 * 8;
    if (number === 0) return bars.some(({ kind }) => kind === 'io');
    if (number === 1) return bars.some(({ kind }) => kind !== 'io');
    return [2, 6, 8, 10].includes(number);
  }
  if (byte === 0x0c || byte === 0x0d || byte === 0x3c) return true;
  for (const { index, kind, size } of bars) {
    const number = bit - (0x10 + 4 * index) * 8;
    const bits = kind === 'memory64' ? 64 : 32;
    if (number >= 0 && number < bits) return number >= Math.log2(size);
  }
  return false;
}

const barsArbitrary = fc
  .array(
    fc.record({
      kind: fc.constantFrom('io' as const, 'memory32' as const, 'memory64' as const),
      prefetchable: fc.boolean(),
      power: fc.integer({ min: 4, max: 40 }),
    }),
    { maxLength: 6 },
  )
  .map((wanted) => {
    const bars: BarLayout[] = [];
    let index = 0;
    for (const { kind, prefetchable, power } of wanted) {
      const width = kind === 'memory64' ? 2 : 1;
      if (index + width > 6) break;
      const size = 2 ** (kind === 'io' ? 4 + (power % 5) : kind === 'memory32' ? Math.min(power, 30) : power);
      bars.push({ index, kind, prefetchable: prefetchable && kind !== 'io', size });
      index += width;
    }
    return bars;
  });

describe('a config space under random accesses', () => {
  it('changes the bits that can be written, to what was written last, and no others', () => {
    const access = fc.record({
      offset: fc.integer({ min: 0, max: configSize - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(barsArbitrary, fc.array(access, { maxLength: 60 }), (bars, accesses) => {
        const config = new ConfigSpace(identity, bars);
        const expected = Buffer.alloc(configSize);
        config.read(0, expected);
        for (const { offset, bytes } of accesses) {
          const cut = bytes.subarray(0, configSize - offset);
          config.write(offset, cut);
          for (const [index, value] of cut.entries()) {
            for (let bit = 0; bit < 8; bit++) {
              const at = (offset + index) * 8 + bit;
              if (!isWritable(bars, at)) continue;
              const old = expected[offset + index] ?? 0;
              expected[offset + index] = (old & ~(1 << bit)) | (value & (1 << bit));
            }
          }
          const part = Buffer.alloc(cut.length);
          config.read(offset, part);
          expect(part).toEqual(expected.subarray(offset, offset + cut.length));
        }
        const whole = Buffer.alloc(configSize);
        config.read(0, whole);
        expect(whole).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('gives every BAR its size', () => {
    fc.assert(
      fc.property(barsArbitrary, (bars) => {
        const config = new ConfigSpace(identity, bars);
        for (const { index, kind, size } of bars) {
          const low = BigInt(sized(config, index)) & (kind === 'io' ? ~3n : ~15n);
          const high = kind === 'memory64' ? BigInt(sized(config, index + 1)) : 0xffff_ffffn;
          expect(Number(BigInt.asUintN(64, -((high << 32n) | BigInt.asUintN(32, low))))).toBe(size);
        }
      }),
    );
  });
});
