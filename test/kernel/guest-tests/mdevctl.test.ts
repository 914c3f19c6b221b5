import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../../src/lib/clock.ts';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';
import { patient } from '../../provider/support.ts';

const execute = promisify(execFile);
const provider = new SysfsProvider({ root: '/', clock: systemClock, log: pino({ level: 'silent' }) });

afterAll(async () => {
  for (const { id } of await provider.listDevices(patient)) await provider.remove(id, patient);
  await provider.close();
});

/** mdevctl's JSON: by parent, then by UUID or type. */
async function mdevctl(command: 'list' | 'types'): Promise<unknown> {
  return JSON.parse((await execute('mdevctl', [command, '--dumpjson'])).stdout);
}
const listed = z.array(z.record(z.string(), z.array(z.record(z.string(), z.object({ mdev_type: z.string() })))));
const types = z.array(
  z.record(z.string(), z.array(z.record(z.string(), z.object({ available_instances: z.number(), device_api: z.string() })))),
);

/** What the provider and mdevctl say of devices, as lines. */
async function devicesByUs(): Promise<string[]> {
  return (await provider.listDevices(patient)).map(({ parent, id, typeID }) => `${parent} ${id} ${typeID}`).sort();
}
async function devicesByMdevctl(): Promise<string[]> {
  return listed
    .parse(await mdevctl('list'))
    .flatMap((parents) => Object.entries(parents))
    .flatMap(([parent, devices]) =>
      devices.flatMap((device) => Object.entries(device).map(([id, { mdev_type }]) => `${parent} ${id} ${mdev_type}`)),
    )
    .sort();
}

describe('mdevctl', () => {
  it('sees our devices, and we see its', async () => {
    const [ours, its] = [randomUUID(), randomUUID()];
    await provider.create({ id: ours, parent: 'mtty', typeID: 'mtty-2' }, patient);
    await execute('mdevctl', ['start', '--uuid', its, '--parent', 'mdpy', '--type', 'mdpy-vga']);
    expect(await devicesByUs()).toEqual([`mdpy ${its} mdpy-vga`, `mtty ${ours} mtty-2`].sort());
    expect(await devicesByMdevctl()).toEqual(await devicesByUs());
  });

  it('says of types what we say', async () => {
    const parents = types.parse(await mdevctl('types')).flatMap((each) => Object.entries(each));
    const byMdevctl = parents.flatMap(([parent, entries]) =>
      entries.flatMap((entry) =>
        Object.entries(entry).map(([id, type]) => `${parent} ${id} ${type.available_instances} ${type.device_api}`),
      ),
    );
    const byUs = (await provider.listParents(patient)).flatMap(({ name, types: all }) =>
      all.map(({ id, availableInstances, deviceAPI }) => `${name} ${id} ${availableInstances} ${deviceAPI ?? ''}`),
    );
    expect(byMdevctl.sort()).toEqual(byUs.sort());
  });

  it('removes ours, which we see at once; and we remove its', async () => {
    const before = await provider.listDevices(patient);
    const [first, second] = before.map(({ id }) => id);
    await execute('mdevctl', ['stop', '--uuid', first ?? '']);
    await provider.remove(second ?? '', patient);
    expect(await devicesByUs()).toEqual([]);
    expect(await devicesByMdevctl()).toEqual([]);
  });
});
