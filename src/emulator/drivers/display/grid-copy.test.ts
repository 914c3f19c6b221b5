import { describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../../lib/errno.ts';
import { writeNumber } from '../testing/access.ts';
import { MemoryUser } from '../testing/device-user.ts';
import { GridRig } from '../testing/grid.ts';
import { gridControl, gridFlag, gridInterrupt, gridRegister, gridStatus } from './grid-registers.ts';

const mebibyte = 1 << 20;
const page = 4096;
const done = [gridStatus.done, 0];
const failed = (code: keyof typeof errnoNumbers): number[] => [gridStatus.error, errnoNumbers[code]];
const framebufferRegion = 1;

/** Fills memory with bytes that tell their place. */
function pattern(bytes: Uint8Array, seed = 1): Uint8Array {
  let state = seed;
  for (let index = 0; index < bytes.length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

describe('the copy engine, by its registers,', () => {
  it('copies, interrupts, and keeps both surfaces pinned until they are released', async () => {
    const rig = new GridRig();
    const memory = rig.user.map(0x10_0000, 4 * mebibyte);
    pattern(memory.subarray(0, 2 * mebibyte));
    rig.start({ source: 0x10_0000, destination: 0x30_0000, length: 2 * mebibyte });
    expect(rig.read(gridRegister.status)).toBe(gridStatus.busy);
    await rig.user.settle();
    expect(rig.result()).toEqual(done);
    expect(rig.read(gridRegister.copied)).toBe(2 * mebibyte);
    expect(equal(memory.subarray(0, 2 * mebibyte), memory.subarray(2 * mebibyte))).toBe(true);
    expect(rig.user.levels.get(0)).toBe(true);
    expect(rig.read(gridRegister.interruptStatus)).toBe(gridInterrupt.done);
    rig.write(gridRegister.interruptStatus, gridInterrupt.done);
    expect(rig.user.levels.get(0)).toBe(false);
    expect(rig.user.pins).toBe(1024);
    expect(rig.read(gridRegister.pinnedPages)).toBe(1024);
    expect(rig.user.largestPinCall).toBe(512);
    expect(rig.user.largestAccess).toBe(mebibyte);
    rig.write(gridRegister.release, 1);
    expect([rig.user.pins, rig.read(gridRegister.pinnedPages), rig.read(gridRegister.status)]).toEqual([0, 0, gridStatus.idle]);
  });

  it('can be rung on the control page of the framebuffer too', async () => {
    const rig = new GridRig();
    const memory = rig.user.map(0, 2 * page);
    memory.fill(7, 0, page);
    rig.writeLong(gridRegister.destination, page);
    rig.writeLong(gridRegister.length, page);
    writeNumber(rig.model, framebufferRegion, gridControl.doorbell, 4, 1);
    await rig.user.settle();
    expect(rig.result()).toEqual(done);
    expect(memory[2 * page - 1]).toBe(7);
  });

  it('copies to, from and within the framebuffer, and pins guest pages only', async () => {
    const rig = new GridRig();
    const memory = rig.user.map(0, 2 * mebibyte);
    pattern(memory.subarray(0, mebibyte));
    expect(await rig.copy({ source: 3, destination: 8191, length: 5001, flags: gridFlag.destinationIsFramebuffer })).toEqual(done);
    expect(rig.user.pinnedPages).toBe(2);
    const both = gridFlag.sourceIsFramebuffer | gridFlag.destinationIsFramebuffer;
    rig.setCommand(2); // no bus master needed
    expect(await rig.copy({ source: 8191, destination: 8193, length: 5001, flags: both })).toEqual(done);
    rig.setCommand(6);
    expect(await rig.copy({ source: 8193, destination: mebibyte, length: 5001, flags: gridFlag.sourceIsFramebuffer })).toEqual(done);
    expect(equal(memory.subarray(mebibyte, mebibyte + 5001), memory.subarray(3, 5004))).toBe(true);
  });

  it('does not answer a second doorbell while it is busy', async () => {
    const rig = new GridRig();
    const memory = rig.user.map(0, 4 * page);
    memory.fill(1, 0, page);
    rig.start({ source: 0, destination: page, length: page });
    rig.start({ source: 0, destination: 2 * page, length: page });
    await rig.user.settle();
    expect(rig.result()).toEqual(done);
    expect([memory[page], memory[2 * page]]).toEqual([1, 0]);
    expect(rig.user.pinnedPages).toBe(2);
  });

  it('holds surfaces once that are copied between over and over', async () => {
    const rig = new GridRig();
    rig.user.map(0, 4 * page);
    for (let round = 0; round < 1000; round++) expect(await rig.copy({ source: 0, destination: page, length: page })).toEqual(done);
    expect(rig.user.pins).toBe(2);
  });

  it('refuses more than 256 surfaces until they are released', async () => {
    const rig = new GridRig();
    rig.user.map(0, 1024 * page);
    for (let number = 0; number < 128; number++) {
      expect(await rig.copy({ source: 2 * number * page, destination: (2 * number + 1) * page, length: page })).toEqual(done);
    }
    expect(await rig.copy({ source: 512 * page, destination: 513 * page, length: page })).toEqual(failed('ENOSPC'));
    rig.write(gridRegister.release, 1);
    expect(await rig.copy({ source: 512 * page, destination: 513 * page, length: page })).toEqual(done);
  });

  it('refuses to hold more than 4 GiB pinned, of which 1 GiB at a time', async () => {
    const rig = new GridRig();
    const gibibyte = 2 ** 30;
    // A user with so much memory that nobody looks into it.
    const pinned: number[] = [];
    rig.user.pinPages = (_pfns, count) => void pinned.push(count);
    rig.user.readMemory = rig.user.writeMemory = () => Promise.resolve();
    rig.user.unpinPages = (_pfns, count) => count;
    for (const [source, destination] of [
      [0, 1],
      [2, 3],
    ] as const) {
      expect(await rig.copy({ source: source * gibibyte, destination: destination * gibibyte, length: gibibyte })).toEqual(done);
    }
    expect(pinned.reduce((sum, count) => sum + count)).toBe(2 ** 20);
    expect(await rig.copy({ source: 0, destination: gibibyte, length: gibibyte })).toEqual(done);
    expect(await rig.copy({ source: 0, destination: gibibyte, length: page })).toEqual(failed('ENOSPC'));
    rig.write(gridRegister.release, 1);
    expect(await rig.copy({ source: 0, destination: gibibyte, length: page })).toEqual(done);
  });

  it.each([
    ['no length', { source: 0, destination: page, length: 0 }, 'EINVAL'],
    ['a length past the limit', { source: 0, destination: page, length: 2 ** 30 + 1 }, 'EINVAL'],
    ['a length of 64 bits', { source: 0, destination: page, length: 1n << 63n }, 'EINVAL'],
    ['a surface that wraps', { source: (1n << 64n) - 1n, destination: page, length: 2 }, 'EINVAL'],
    ['the control page', { source: 0, destination: 0, length: 1, flags: 2 }, 'EINVAL'],
    ['the end of the framebuffer', { source: 0, destination: 4 * mebibyte - 1, length: 2, flags: 2 }, 'EINVAL'],
    ['an IOVA that is not mapped', { source: 0, destination: 1 << 30, length: 1 }, 'EINVAL'],
    ['a destination that is read-only', { source: 0, destination: 0x100_0000, length: 1 }, 'EPERM'],
    ['a source that is write-only', { source: 0x200_0000, destination: 0, length: 1 }, 'EPERM'],
    ['pins over the limit', { source: 0, destination: 0x300_0000, length: 600 * page }, 'ENOMEM'],
  ] as const)('refuses %s with its errno and an interrupt, and leaves nothing pinned', async (_, request, code) => {
    const rig = new GridRig({ limit: 1000 });
    rig.user.map(0, 4 * mebibyte);
    rig.user.map(0x100_0000, page, { writable: false });
    rig.user.map(0x200_0000, page, { readable: false });
    rig.user.map(0x300_0000, 4 * mebibyte);
    expect(await rig.copy(request)).toEqual(failed(code));
    expect(rig.read(gridRegister.interruptStatus)).toBe(gridInterrupt.error);
    expect(rig.user.levels.get(0)).toBe(true);
    expect([rig.user.pins, rig.read(gridRegister.pinnedPages)]).toEqual([0, 0]);
    expect(rig.user.reported).toEqual([]);
    expect(await rig.copy({ source: 0, destination: page, length: page })).toEqual(done);
  });

  it('moves no byte before all pages are pinned, and the destination for write', async () => {
    const rig = new GridRig();
    rig.user.map(0, 4 * mebibyte).fill(1);
    const memory = rig.user.map(0x100_0000, 2 * mebibyte);
    rig.user.map(0x120_0000, page, { writable: false });
    expect(await rig.copy({ source: 0, destination: 0x100_0000, length: 2 * mebibyte + 1 })).toEqual(failed('EPERM'));
    expect(memory[0]).toBe(0);
    expect([rig.read(gridRegister.copied), rig.user.pins]).toEqual([0, 0]);
  });

  it('writes nothing any more when the copy is stopped while it reads', async () => {
    const rig = new GridRig();
    const memory = rig.user.map(0, 2 * page);
    memory.fill(1, 0, page);
    rig.user.onAccess = () => {
      rig.write(gridRegister.release, 1);
    };
    expect(await rig.copy({ source: 0, destination: page, length: page })).toEqual(failed('EINTR'));
    expect(memory[page]).toBe(0);
  });

  it('keeps the surfaces of copies before when one fails', async () => {
    const rig = new GridRig({ limit: 1000 });
    rig.user.map(0, 8 * mebibyte);
    expect(await rig.copy({ source: 0, destination: page, length: page })).toEqual(done);
    expect(await rig.copy({ source: 0, destination: 4 * mebibyte, length: 900 * page })).toEqual(failed('ENOMEM'));
    expect([rig.user.pins, rig.read(gridRegister.pinnedPages)]).toEqual([2, 2]);
  });

  it('reaches no memory while it is no bus master, even in the middle of a copy', async () => {
    const rig = new GridRig();
    const memory = rig.user.map(0, 4 * mebibyte);
    rig.setCommand(2);
    expect(await rig.copy({ source: 0, destination: page, length: page })).toEqual(failed('EACCES'));
    rig.setCommand(6);
    memory.fill(1, 0, 2 * mebibyte);
    rig.user.onAccess = () => {
      rig.setCommand(2);
    };
    expect(await rig.copy({ source: 0, destination: 2 * mebibyte, length: 2 * mebibyte })).toEqual(failed('EACCES'));
    expect(memory[2 * mebibyte]).toBe(0);
    expect(rig.user.pins).toBe(0);
  });

  it('ends a copy with EFAULT when one of its surfaces is unmapped, and lets go of it before the unmap returns', async () => {
    const rig = new GridRig();
    rig.user.map(0, 2 * mebibyte);
    rig.user.map(0x100_0000, 2 * mebibyte);
    rig.start({ source: 0, destination: 0x100_0000, length: 2 * mebibyte });
    await rig.user.step();
    expect([rig.read(gridRegister.copied), rig.user.pinnedPages]).toEqual([mebibyte, 1024]);
    rig.user.unmap(0x100_0000); // throws when a page is still pinned
    expect(rig.result()).toEqual(failed('EFAULT'));
    expect(rig.user.signalsOf(0)).toBe(1);
    expect(rig.user.pins).toBe(0);
    await rig.user.settle();
    expect(rig.read(gridRegister.copied)).toBe(mebibyte);
    expect(rig.user.reported).toEqual([]);
  });

  it('goes on when another range is unmapped, and keeps of the surfaces held what lies outside', async () => {
    const rig = new GridRig();
    rig.user.map(0, 4 * page);
    rig.user.map(4 * page, 4 * page);
    rig.user.map(0x100_0000, 2 * mebibyte);
    rig.user.map(0x200_0000, 2 * mebibyte);
    // A surface across two mappings.
    expect(await rig.copy({ source: 2 * page, destination: 0x100_0000, length: 4 * page })).toEqual(done);
    rig.start({ source: 0x100_0000, destination: 0x200_0000, length: 2 * mebibyte });
    await rig.user.step();
    rig.user.unmap(4 * page);
    await rig.user.settle();
    expect(rig.result()).toEqual(done);
    expect([2, 3, 4, 5].map((number) => rig.user.isPinned(number))).toEqual([true, true, false, false]);
    rig.write(gridRegister.release, 1);
    expect(rig.user.pins).toBe(0);
  });

  it('ends a copy with EINTR on release, and in silence on a reset', async () => {
    const rig = new GridRig();
    rig.user.map(0, 4 * mebibyte);
    const request = { source: 0, destination: 2 * mebibyte, length: 2 * mebibyte };
    rig.start(request);
    await rig.user.step();
    rig.write(gridRegister.release, 1);
    expect(rig.result()).toEqual(failed('EINTR'));
    expect([rig.user.pins, rig.user.signalsOf(0)]).toEqual([0, 1]);
    rig.start(request);
    await rig.user.step();
    rig.model.reset?.();
    expect(rig.result()).toEqual([gridStatus.idle, 0]);
    expect([rig.user.pins, rig.user.levels.get(0)]).toEqual([0, false]);
    await rig.user.settle();
    expect(rig.read(gridRegister.copied)).toBe(0);
  });

  it('ends in silence when its user goes in the middle of a copy, and does not touch it any more', async () => {
    for (const steps of [0, 1, 2]) {
      const rig = new GridRig();
      rig.user.map(0, 4 * mebibyte);
      rig.start({ source: 0, destination: 2 * mebibyte, length: 2 * mebibyte });
      for (let step = 0; step < steps; step++) await rig.user.step();
      rig.user.close();
      await rig.user.settle();
      expect([rig.user.strayCalls, rig.user.reported]).toEqual([0, []]);
      const next = new MemoryUser();
      next.open(rig.model);
      expect(rig.result()).toEqual([gridStatus.idle, 0]);
      expect(rig.read(gridRegister.pinnedPages)).toBe(0);
    }
  });

  it('ends in silence when its user goes during an access to memory', async () => {
    const rig = new GridRig();
    rig.user.map(0, 4 * mebibyte);
    rig.user.onAccess = () => {
      rig.user.close();
    };
    rig.start({ source: 0, destination: 2 * mebibyte, length: 2 * mebibyte });
    await rig.user.settle();
    expect([rig.user.strayCalls, rig.user.reported]).toEqual([0, []]);
  });

  it('gives others their turn within 32 MiB of pins and 1 MiB of bytes', async () => {
    const rig = new GridRig();
    const size = 80 * mebibyte;
    rig.user.map(0, size);
    rig.user.map(2 ** 32, size);
    rig.start({ source: 0, destination: 2 ** 32, length: size });
    const progress: [number, number][] = [];
    while (rig.user.waiting > 0) {
      await rig.user.step();
      progress.push([rig.read(gridRegister.pinnedPages), rig.read(gridRegister.copied)]);
    }
    expect(rig.result()).toEqual(done);
    let [pinned, copied] = [0, 0];
    for (const [pinnedNow, copiedNow] of progress) {
      expect(copiedNow - copied).toBeLessThanOrEqual(mebibyte);
      expect(pinnedNow - pinned).toBeLessThanOrEqual((2 * 32 * mebibyte) / page);
      [pinned, copied] = [pinnedNow, copiedNow];
    }
    expect(pinned).toBe((2 * size) / page);
  });

  it('fails with EIO and reports it when it is itself at fault', async () => {
    const rig = new GridRig();
    rig.user.map(0, 2 * page);
    rig.user.onAccess = () => {
      throw new TypeError('a bug');
    };
    expect(await rig.copy({ source: 0, destination: page, length: page })).toEqual(failed('EIO'));
    expect(rig.user.reported).toEqual([new TypeError('a bug')]);
    expect(rig.user.pins).toBe(0);
  });
});
