import { describe, expect, it } from 'vitest';
import { commands } from '../../src/emulator/vfio-user/wire.ts';
import { Client, words } from './client.ts';
import { deviceID, startEmulator } from './emulator.ts';
import { fuzz } from './fuzz.ts';
import { roomyProfile } from './profile.ts';

const messages = Number(process.env['FUZZ_MESSAGES'] ?? '100000');
/** Devices that are fuzzed, one after the other. */
const kinds = [
  ['mtty', 'mtty-2'],
  ['gpu', 'vgpu'],
  ['igd', 'igd'],
  ['ccw', 'vfio_ccw-io'],
] as const;

describe('random messages', () => {
  it(`(${messages} of them) leave the server serving, with neither memory nor files lost`, { timeout: 180_000 }, async () => {
    await using emulator = await startEmulator(roomyProfile);
    const paths = await Promise.all(kinds.map(([parent, type], index) => emulator.create(parent, type, deviceID(index + 1))));
    // Somebody else's device, which must not notice anything.
    using bystander = new Client(await emulator.create('mtty', 'mtty-1', deviceID(99)));
    bystander.negotiate();
    bystander.write(7, 0x3c, Buffer.of(77));
    const share = Math.ceil(messages / paths.length);
    const round = (part: number, seed: number): void => {
      for (const [index, path] of paths.entries()) fuzz(path, part, seed * 1000 + index + 1);
    };
    // What is loaded and compiled by then is there for good.
    round(Math.ceil(share / 4), 1);
    const before = { memory: await emulator.memory(), fds: await emulator.fds() };
    round(share - Math.ceil(share / 4), 2);
    await expect.poll(async () => emulator.fds(), { timeout: 10_000 }).toBeLessThanOrEqual(before.fds);
    expect((await emulator.memory()) - before.memory, 'MiB that the server has grown by').toBeLessThan(20);
    expect((bystander.read(7, 0x3c, 1) as Buffer)[0]).toBe(77);
    for (const path of paths) {
      using client = new Client(path);
      expect(client.negotiate().errno).toBe(0);
      expect(client.call(commands.getInfo, words(16, 0, 0, 0)).errno).toBe(0);
    }
    expect((await emulator.provider.listUses(AbortSignal.timeout(5000))).map(({ id }) => id)).toEqual([deviceID(99)]);
    expect(emulator.log).not.toContain('"level":"error"');
  });
});
