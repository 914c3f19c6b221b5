import { describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../../lib/errno.ts';
import { readBytes, readNumber, writeBytes, writeNumber } from '../testing/access.ts';
import { MemoryUser } from '../testing/device-user.ts';
import { GridRig } from '../testing/grid.ts';
import { gridControl, gridFlag, gridRegister, gridStatus } from './grid-registers.ts';

const mebibyte = 1 << 20;
const page = 4096;
const failed = (code: keyof typeof errnoNumbers): number[] => [gridStatus.error, errnoNumbers[code]];
const framebufferRegion = 1;

describe('grid as a PCI function', () => {
  it('is a display controller with a register BAR and a framebuffer of which all but the first page can be mapped', () => {
    const { model, framebufferSize } = new GridRig();
    expect(readNumber(model, 7, 0, 4)).toBe(0x13f2_10de);
    expect(readNumber(model, 7, 0x0a, 2)).toBe(0x0300);
    expect(model.regions.map(({ size }) => size)).toEqual([0x10000, framebufferSize, 0, 0, 0, 0, 0, 256, 0]);
    expect(model.regions[0]?.mmap).toBeUndefined();
    expect(model.regions[1]?.mmap?.areas).toEqual([{ offset: page, size: framebufferSize - page }]);
    writeNumber(model, 7, 0x14, 4, 0xffff_ffff);
    expect(readNumber(model, 7, 0x14, 4)).toBe(0xffc0_000c);
  });

  it('tells its type in read-only registers, and keeps the others until a reset', () => {
    const rig = new GridRig();
    const fixed = [gridRegister.heads, gridRegister.maxWidth, gridRegister.maxHeight, gridRegister.frameRateLimit];
    for (const register of fixed) rig.write(register, 9);
    expect(fixed.map((register) => rig.read(register))).toEqual([2, 2560, 1600, 45]);
    // What Linux's nouveau would take for the generation of a chip.
    expect(rig.read(gridRegister.id) & 0x1f00_0000).toBe(0);
    rig.writeLong(gridRegister.source, 0x1234_5678_9abc_def0n);
    rig.write(gridRegister.scratch + 12, 0xffff_ffff);
    writeNumber(rig.model, framebufferRegion, gridControl.cursorX, 4, 77);
    expect([rig.read(gridRegister.source), rig.read(gridRegister.source + 4)]).toEqual([0x9abc_def0, 0x1234_5678]);
    expect(rig.read(gridRegister.scratch + 12)).toBe(0xffff_ffff);
    rig.model.reset?.();
    expect(rig.read(gridRegister.source)).toBe(0);
    expect(rig.read(gridRegister.scratch + 12)).toBe(0);
    expect(rig.read(gridRegister.interruptEnable)).toBe(0);
    expect(readNumber(rig.model, framebufferRegion, gridControl.cursorX, 4)).toBe(0);
  });

  it('has one framebuffer for accesses, for maps and for an access across the control page', () => {
    const { model } = new GridRig();
    const written = Uint8Array.from({ length: 24 }, (_, index) => index + 1);
    writeBytes(model, framebufferRegion, page - 8, written);
    const seen = new Uint8Array(16);
    model.regions[1]?.mmap?.memory().read(page, seen);
    expect(seen).toEqual(written.slice(8));
    expect([...readBytes(model, framebufferRegion, page - 8, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    model.reset?.();
    expect(readBytes(model, framebufferRegion, page, 16)).toEqual(seen);
  });

  it("gives its next user zeroes, not the last one's picture, and no memory is left", () => {
    const { model, user, services } = new GridRig();
    writeBytes(model, framebufferRegion, page, Uint8Array.of(1, 2, 3));
    user.close();
    expect(services.allocated).toBe(0);
    new MemoryUser().open(model);
    expect([...readBytes(model, framebufferRegion, page, 3)]).toEqual([0, 0, 0]);
    model.close();
    model.dispose();
    expect(services.allocated).toBe(0);
  });

  it('answers ENOMEM when there is no memory for its framebuffer, to an access and to a copy', async () => {
    const rig = new GridRig({ sharedMemory: mebibyte });
    rig.user.map(0, page);
    expect(() => readBytes(rig.model, framebufferRegion, page, 1)).toThrow('ENOMEM');
    expect(await rig.copy({ source: 0, destination: page, length: 1, flags: gridFlag.destinationIsFramebuffer })).toEqual(failed('ENOMEM'));
  });
});
