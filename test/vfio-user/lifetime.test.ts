import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/emulator/vfio-user/wire.ts';
import { Client, words } from './client.ts';
import { deviceID, startEmulator } from './emulator.ts';
import { roomyProfile } from './profile.ts';

const id = deviceID(1);
const signal = (): AbortSignal => AbortSignal.timeout(10_000);

describe('the emulator', () => {
  it('ends at once though devices are in use, closes their connections and takes their sockets away', async () => {
    await using emulator = await startEmulator(roomyProfile);
    const path = await emulator.create('mtty', 'mtty-1', id);
    using client = new Client(path);
    client.negotiate();
    emulator.child.kill('SIGTERM');
    expect(await once(emulator.child, 'exit')).toEqual([0, null]);
    expect(client.isEnded).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  it('replaces the sockets of one that was killed, and leaves what is somebody else’s', async () => {
    await using first = await startEmulator(roomyProfile);
    const runDir = join(first.folder, 'vfio-user');
    await first.create('mtty', 'mtty-1', id);
    await first.create('mtty', 'mtty-1', deviceID(2));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(readdirSync(runDir)).toHaveLength(2);
    const living = createServer();
    living.listen(join(runDir, `${deviceID(3)}.sock`));
    await once(living, 'listening');
    writeFileSync(join(runDir, `${deviceID(4)}.sock`), 'no socket');

    await using second = await startEmulator(roomyProfile, runDir);
    using client = new Client(await second.create('mtty', 'mtty-1', id));
    expect(client.negotiate().errno).toBe(0);
    // The other one's is gone, as nobody answered there.
    expect(readdirSync(runDir).sort()).toEqual([id, deviceID(3), deviceID(4)].map((name) => `${name}.sock`));
    for (const taken of [3, 4]) {
      const device = await second.provider.create({ id: deviceID(taken), parent: 'mtty', typeID: 'mtty-1' }, signal());
      expect([device.state, device.socketPath]).toEqual(['live', undefined]);
    }
    expect(second.log).toContain('EADDRINUSE');
    living.close();
  });

  it('asks by the request interrupt for a device that is removed by hand, which goes when it is closed', async () => {
    await using emulator = await startEmulator(roomyProfile);
    const client = new Client(await emulator.create('mtty', 'mtty-1', id));
    client.negotiate();
    const event = client.libc.eventfd();
    expect(client.call(commands.setIRQs, words(20, 0x24, 4, 0, 1), [event]).errno).toBe(0);
    const removal = emulator.host.removeByHand(id, signal());
    // The removal is asked for over a socket of this process, which waits for the event in the kernel.
    await expect.poll(() => client.libc.wait(event, 'in', 0)).toBe(true);
    expect(client.register(7, 0)).toBe(0x32534348);
    client[Symbol.dispose]();
    await removal;
    expect(await emulator.provider.getDevice(id, signal())).toBeUndefined();
    client.libc.close(event);
  });
});
