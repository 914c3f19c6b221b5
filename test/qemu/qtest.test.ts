import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memlockPrefix } from '../support/memlock.ts';
import { startOperator, type Operator } from '../support/operator.ts';
import { findFunction, type PCIFunction } from './pci.ts';
import { qemuProgram } from './programs.ts';
import { startQtest, type Qtest } from './qtest.ts';

const registers = 0xe0000000;
const framebuffer = 0xd0000000;
/** See src/emulator/drivers/display/grid.md. */
const grid = {
  id: 0,
  interruptStatus: 0x40,
  interruptEnable: 0x44,
  source: 0x100,
  doorbell: 0x120,
  status: 0x124,
  error: 0x128,
  release: 0x12c,
  pinned: 0x134,
};
const source = 0x100000;
const destination = 0x200000;

let program: string;
let operator: Operator;

beforeAll(async () => {
  program = qemuProgram();
  operator = await startOperator();
}, 300_000);
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
});

/** Attaches a QEMU to a device and gives its BARs their places. */
async function attach(
  name: string,
  init: { readonly shared: boolean; readonly prefix?: readonly string[] },
): Promise<{ readonly qtest: Qtest; readonly gpu: PCIFunction }> {
  const qtest = await startQtest({ program, pasted: await operator.qemuArgument(name), ...init });
  const gpu = await findFunction(qtest, 0x10de, 0x13f2);
  await gpu.write(0x10, registers);
  await gpu.write(0x14, framebuffer);
  await gpu.write(0x18, 0);
  // Memory, bus master.
  await gpu.write(0x04, 6);
  return { qtest, gpu };
}

async function copy(qtest: Qtest, from: number, to: number, length: number): Promise<{ readonly status: number; readonly error: number }> {
  for (const [place, value] of [from, to, length].entries()) {
    await qtest.writeWord(registers + grid.source + 8 * place, value);
    await qtest.writeWord(registers + grid.source + 8 * place + 4, 0);
  }
  await qtest.writeWord(registers + grid.doorbell, 1);
  let status = 1;
  while (status === 1) status = await qtest.readWord(registers + grid.status);
  return { status, error: await qtest.readWord(registers + grid.error) };
}

describe('a QEMU attached to a vGPU that was applied', () => {
  it('finds its configuration space and the sizes of its BARs', async () => {
    await operator.apply('config', { type: { id: 'nvidia-11' } });
    const { qtest, gpu } = await attach('config', { shared: true });
    await using _qtest = qtest;
    expect((await gpu.read(0x08)) >>> 8).toBe(0x030000);
    expect((await gpu.read(0x3c)) >>> 8).toBe(0x01);
    expect(await gpu.sizeOf(0)).toEqual({ size: 0x10000, flags: 0 });
    expect(await gpu.sizeOf(1)).toEqual({ size: 0x10000000, flags: 0xc });
    expect(await gpu.sizeOf(3)).toEqual({ size: 0, flags: 0 });
    expect(await qtest.readWord(registers + grid.id)).toBe(0x0047444d);
    // Memory that QEMU maps, and the page before it that it does not.
    await qtest.writeMemory(framebuffer + 0x1000, Buffer.from('drawn by the guest'));
    expect((await qtest.readMemory(framebuffer + 0x1000, 18)).toString()).toBe('drawn by the guest');
    await qtest.writeWord(framebuffer + 0x10, 1234);
    expect(await qtest.readWord(framebuffer + 0x10)).toBe(1234);
  });

  it.each([
    ['that is shared as a file', true],
    ['that is not shared, by messages', false],
  ])('has its copy engine read and write memory %s, and is interrupted', async (_, shared) => {
    const name = shared ? 'shared' : 'private';
    await operator.apply(name, { type: { id: 'nvidia-11' } });
    const { qtest } = await attach(name, { shared });
    await using _qtest = qtest;
    const data = Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7) % 256));
    await qtest.writeMemory(source + 5, data);
    await qtest.writeWord(registers + grid.interruptEnable, 3);
    expect(await copy(qtest, source + 5, destination + 100, data.length)).toEqual({ status: 2, error: 0 });
    expect((await qtest.readMemory(destination + 100, data.length)).equals(data)).toBe(true);
    const line = /raise (\d+)/.exec(qtest.interrupts.find((told) => told.startsWith('raise')) ?? (await raised(qtest)))?.[1];
    await qtest.writeWord(registers + grid.interruptStatus, 3);
    await qtest.interrupt(`lower ${line ?? '?'}`);
    expect(await qtest.readWord(registers + grid.pinned)).toBe(6);
    const { status } = await operator.device(name);
    expect(status?.users?.map(({ pid }) => pid)).toEqual([qtest.qemu.pid]);
    await expect.poll(async () => (await operator.device(name)).status?.pinned?.pages, { timeout: 10_000 }).toBe(6);
    await qtest.writeWord(registers + grid.release, 1);
    await expect.poll(async () => (await operator.device(name)).status?.pinned?.pages, { timeout: 10_000 }).toBe(0);
  });

  it('is refused a pin beyond its limit with ENOMEM, and the device says so in an Event', async () => {
    await operator.apply('limited', { type: { id: 'nvidia-11' } });
    const limit = 64 * 1024;
    const prefix = memlockPrefix(limit);
    const { qtest } = await attach('limited', { shared: true, prefix });
    await using _qtest = qtest;
    expect(await copy(qtest, source, destination, 8 * 4096)).toEqual({ status: 2, error: 0 });
    await expect
      .poll(async () => (await operator.device('limited')).status?.pinned, { timeout: 10_000 })
      .toEqual({ pages: 16, lockedBytes: limit, limitBytes: limit });
    expect(await copy(qtest, 0x400000, 0x500000, 4096)).toEqual({ status: 3, error: 12 });
    await expect.poll(async () => operator.events('limited', 'MemlockExceeded'), { timeout: 10_000 }).toHaveLength(1);
    const [message] = await operator.events('limited', 'MemlockExceeded');
    expect(message).toContain(`(${qtest.qemu.pid}) has ${limit} bytes (64 KiB) locked, may lock ${limit} bytes (64 KiB)`);
    expect(message).toContain('Raise RLIMIT_MEMLOCK');
    await qtest.writeWord(registers + grid.release, 1);
    expect(await copy(qtest, 0x400000, 0x500000, 4096)).toEqual({ status: 2, error: 0 });
  });
});

/** The first interrupt that is raised. */
async function raised(qtest: Qtest): Promise<string> {
  for (let step = 0; step < 1000; step++) {
    await qtest.command('clock_step', 1000);
    const told = qtest.interrupts.find((each) => each.startsWith('raise'));
    if (told !== undefined) return told;
  }
  throw new Error('No interrupt was raised');
}
