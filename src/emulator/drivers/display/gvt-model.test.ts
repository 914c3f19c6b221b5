import { describe, expect, it } from 'vitest';
import { readBytes, readNumber, writeBytes, writeNumber } from '../testing/access.ts';
import { MemoryUser } from '../testing/device-user.ts';
import { MemoryServices } from '../testing/services.ts';
import { gvtModel, gvtRegister } from './gvt-model.ts';

const mebibyte = 1 << 20;
const [aperture, opregion, config] = [2, 9, 7];

function opened() {
  const services = new MemoryServices();
  const model = gvtModel(
    { vendorID: 0x8086, deviceID: 0x1926, apertureBytes: 4 * mebibyte, shareBytes: mebibyte, width: 1920, height: 1200 },
    services,
  );
  const user = new MemoryUser();
  user.open(model);
  const read = (register: number): number => readNumber(model, 0, register, 4);
  const write = (register: number, value: number): void => {
    writeNumber(model, 0, register, 4, value);
  };
  return { services, model, user, read, write };
}

describe('gvt as a PCI function', () => {
  it('is a display controller with 64-bit register and aperture BARs, and an OpRegion of its own', () => {
    const { model } = opened();
    expect(readNumber(model, config, 0, 4)).toBe(0x1926_8086);
    expect(readNumber(model, config, 0x0a, 2)).toBe(0x0300);
    expect(model.regions.map(({ size }) => size)).toEqual([16 * mebibyte, 0, 4 * mebibyte, 0, 0, 0, 0, 256, 0, 8192]);
    expect([0x10, 0x18].map((offset) => readNumber(model, config, offset, 1))).toEqual([0x04, 0x0c]);
    expect(model.regions[opregion]).toMatchObject({ writable: false, type: { type: 0x8000_8086, subtype: 1 } });
  });

  it("gives away its own share of the aperture, and answers nothing for others'", () => {
    const { model, read } = opened();
    const share = { offset: 3 * mebibyte, size: mebibyte };
    expect(model.regions[aperture]?.mmap?.areas).toEqual([share]);
    expect([read(gvtRegister.shareOffset), read(gvtRegister.shareSize)]).toEqual([share.offset, share.size]);
    writeBytes(model, aperture, share.offset - 2, Uint8Array.of(1, 2, 3, 4));
    expect([...readBytes(model, aperture, share.offset - 2, 4)]).toEqual([0xff, 0xff, 3, 4]);
    const seen = new Uint8Array(2);
    model.regions[aperture]?.mmap?.memory().read(share.offset, seen);
    expect([...seen]).toEqual([3, 4]);
    const foreign = new Uint8Array(2);
    model.regions[aperture]?.mmap?.memory().read(share.offset - 2, foreign);
    expect([...foreign]).toEqual([0, 0]);
  });

  it('raises the interrupt that software asks for, while it is enabled and until it is acknowledged', () => {
    const { model, user, read, write } = opened();
    write(gvtRegister.interruptRaise, 0x8000_0004);
    expect(user.levels.get(0)).not.toBe(true);
    write(gvtRegister.interruptEnable, 0x8000_0000);
    expect([user.levels.get(0), read(gvtRegister.interruptStatus)]).toEqual([true, 0x8000_0004]);
    write(gvtRegister.interruptStatus, 0x8000_0000);
    expect([user.levels.get(0), read(gvtRegister.interruptStatus)]).toEqual([false, 4]);
    write(gvtRegister.interruptEnable, 0xffff_ffff);
    expect(user.signalsOf(0)).toBe(2);
    model.reset?.();
    expect([user.levels.get(0), read(gvtRegister.interruptStatus), read(gvtRegister.interruptEnable)]).toEqual([false, 0, 0]);
  });

  it('keeps what is written to its scratch registers until a reset, and tells the resolution of its type', () => {
    const { model, read, write } = opened();
    for (const index of [0, 1, 2, 3]) write(gvtRegister.scratch + 4 * index, 100 + index);
    expect([0, 1, 2, 3].map((index) => read(gvtRegister.scratch + 4 * index))).toEqual([100, 101, 102, 103]);
    expect([read(gvtRegister.width), read(gvtRegister.height)]).toEqual([1920, 1200]);
    expect(readNumber(model, 0, 16 * mebibyte - 4, 4)).toBe(0);
    model.reset?.();
    expect(read(gvtRegister.scratch)).toBe(0);
  });

  it('has an OpRegion with the header that drivers look for', () => {
    const { model } = opened();
    const content = Buffer.from(readBytes(model, opregion, 0, 8192));
    expect(content.toString('latin1', 0, 16)).toBe('IntelGraphicsMem');
    expect(content.readUInt32LE(0x10)).toBe(8);
    expect(content.readUInt32LE(0x14)).toBe(0x0200_0000);
    expect(content.readUInt32LE(0x58)).toBe(0); // no mailboxes
    expect(Buffer.from(readBytes(model, opregion, 5, 8)).toString('latin1')).toBe('Graphics');
    expect(() => model.write(opregion, 0, Uint8Array.of(0))).toThrow('EINVAL');
  });

  it('gives its next user a share of zeroes', () => {
    const { model, user, services } = opened();
    writeBytes(model, aperture, 3 * mebibyte, Uint8Array.of(1));
    user.close();
    expect(services.allocated).toBe(0);
    new MemoryUser().open(model);
    expect(readNumber(model, aperture, 3 * mebibyte, 1)).toBe(0);
  });
});
