import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { ProviderError } from '../contract.ts';
import { SysfsProvider } from './provider.ts';
import { Tree } from './testing/tree.ts';

const patient = new AbortController().signal;
// Of this run: what hung in an earlier one may still be there.
const id = randomUUID();
const other = randomUUID();
const typeFolder = 'sys/devices/pci0000:00/0000:86:00.0/mdev_supported_types';
const request = { id, parent: '0000:86:00.0', typeID: 'nvidia-11' };

let tree: Tree;
const providers: SysfsProvider[] = [];

function start(deadline = 10_000): SysfsProvider {
  const provider = new SysfsProvider({ root: tree.root, clock: systemClock, log: pino({ level: 'silent' }), deadline });
  providers.push(provider);
  return provider;
}

beforeEach(() => {
  tree = new Tree();
});
afterEach(async () => {
  for (const provider of providers.splice(0)) await provider.close();
  tree[Symbol.dispose]();
});

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === 'fulfilled') return 'done';
  if (!(outcome.reason instanceof ProviderError)) throw outcome.reason;
  return [outcome.reason.code, outcome.reason.step];
}

describe('reading sysfs', () => {
  it('finds nothing where no driver has registered a parent', async () => {
    const provider = start();
    expect(await provider.listParents(patient)).toEqual([]);
    expect(await provider.listDevices(patient)).toEqual([]);
    expect(await refusal(provider.getParent('mtty', patient))).toEqual(['ENODEV', 'list']);
  });

  it('finds what a parent is, and what it has left', async () => {
    tree.parent();
    expect(await start().listParents(patient)).toEqual([
      {
        name: '0000:86:00.0',
        driver: 'nvidia',
        vendorID: '0x10de',
        deviceID: '0x13f2',
        numaNode: 1,
        sharing: 'Unknown',
        features: ['Attributes'],
        leaving: false,
        types: [
          {
            id: 'nvidia-11',
            name: 'GRID M60-0B',
            description: 'num_heads=2\nfrl=45',
            deviceAPI: 'vfio-pci',
            availableInstances: 3,
            instances: 0,
            attributes: [],
          },
        ],
      },
    ]);
  });

  it('does without what a driver does not say: the name is the id, and nobody knows how many are left', async () => {
    tree.parent();
    tree.type('odd', { device_api: 'vfio-pci\n' });
    const { types } = await start().getParent('0000:86:00.0', patient);
    expect(types[1]).toMatchObject({
      id: 'odd',
      name: 'odd',
      availableInstances: 0,
      reason: expect.stringContaining('does not say') as unknown,
    });
  });

  it.each([
    ['live', { state: 'live', typeID: 'nvidia-11', deviceAPI: 'vfio-pci', group: 7 }],
    ['creating', { state: 'creating', typeID: '' }],
    ['removing', { state: 'removing', typeID: '', group: 7 }],
  ] as const)('tells by its links that a device is %s', async (state, expected) => {
    tree.parent();
    tree.device(id, state);
    const provider = start();
    expect(await provider.getDevice(id.toUpperCase(), patient)).toEqual({ id, parent: '0000:86:00.0', ...expected });
    expect(await provider.listDevices(patient)).toEqual([await provider.getDevice(id, patient)]);
  });

  it('names the group’s node and the character device where they are', async () => {
    tree.parent();
    const folder = tree.device(id, 'live');
    tree.folder(`${folder}/vfio-dev/vfio3`);
    const provider = start();
    expect(await provider.getDevice(id, patient)).not.toHaveProperty('cdevPath');
    tree.file('dev/vfio/7', '');
    tree.file('dev/vfio/devices/vfio3', '');
    expect(await provider.getDevice(id, patient)).toMatchObject({
      groupPath: join(tree.root, 'dev/vfio/7'),
      cdevPath: join(tree.root, 'dev/vfio/devices/vfio3'),
    });
  });

  it('reads the driver’s own attributes, and none of the kernel’s', async () => {
    tree.parent();
    const folder = tree.device(id, 'live');
    for (const path of ['uevent', 'power/control', 'nvidia/vgpu_params', 'weight']) tree.file(`${folder}/${path}`, `${path}\n`);
    expect(await start().readAttributes(id, patient)).toEqual([
      { name: 'nvidia/vgpu_params', value: 'nvidia/vgpu_params' },
      { name: 'weight', value: 'weight' },
    ]);
  });

  it('leaves out an attribute whose reading the driver answers with an error', async () => {
    tree.parent();
    const folder = tree.device(id, 'live');
    tree.file(`${folder}/weight`, '8\n');
    // There is nothing at the address 0 of any process: EIO.
    tree.link(`${folder}/broken`, '/proc/self/mem');
    expect(await start().readAttributes(id, patient)).toEqual([{ name: 'weight', value: '8' }]);
  });
});

describe('writing into sysfs', () => {
  it('writes UUIDs, values and removals where the kernel takes them', async () => {
    tree.parent();
    const folder = tree.device(id, 'live');
    tree.file(`${folder}/weight`, '');
    tree.file('dev/vfio/7', '');
    const provider = start();
    await provider.create(request, patient);
    expect(await readFile(join(tree.root, typeFolder, 'nvidia-11/create'), 'utf8')).toBe(id);
    await provider.setAttribute(id, 'weight', '8', patient);
    expect(await readFile(join(tree.root, folder, 'weight'), 'utf8')).toBe('8');
    await provider.remove(id, patient);
    expect(await readFile(join(tree.root, folder, 'remove'), 'utf8')).toBe('1');
  });

  it('refuses what cannot be before anything is written', async () => {
    tree.parent();
    const provider = start();
    expect(await refusal(provider.create({ ...request, id: `${id}\n` }, patient))).toEqual(['EINVAL', 'create']);
    expect(await refusal(provider.create({ ...request, parent: '../../..' }, patient))).toEqual(['ENODEV', 'create']);
    expect(await refusal(provider.create({ ...request, typeID: '../nvidia-11' }, patient))).toEqual(['ENOENT', 'create']);
    expect(await refusal(provider.create({ ...request, typeID: 'nvidia-12' }, patient))).toEqual(['ENOENT', 'create']);
    expect(await refusal(provider.create({ ...request, params: 'x' }, patient))).toEqual(['EOPNOTSUPP', 'create']);
    expect(await refusal(provider.create({ ...request, bootID: 'another' }, patient))).toEqual(['EIO', 'connect']);
    expect(await readFile(join(tree.root, typeFolder, 'nvidia-11/create'), 'utf8')).toBe('');
  });

  it('does not remove what is being created, or removed; and a device without a file to do it by is ENOENT', async () => {
    tree.parent();
    tree.device(id, 'creating');
    expect(await refusal(start().remove(id, patient))).toEqual(['EAGAIN', 'remove']);
    tree.device(other, 'removing');
    expect(await refusal(start().remove(other, patient))).toEqual(['ENOENT', 'remove']);
  });
});

describe('a device whose group has no node here', () => {
  it('is not removed, as nobody can tell whether it is in use, nor claim it', async () => {
    tree.parent();
    const folder = tree.device(id, 'live');
    tree.link('proc/1/ns/pid', 'pid:[4026531836]');
    const provider = start();
    expect(await refusal(provider.remove(id, patient))).toEqual(['ENOENT', 'claim']);
    expect(await readFile(join(tree.root, folder, 'remove'), 'utf8')).toBe('');
    expect(await provider.users(id, patient)).toEqual({ inUse: false, known: [], blind: expect.stringContaining('dev/vfio/7') as unknown });
    tree.file('dev/vfio/7', '');
    expect(await provider.users(id, patient)).toEqual({ inUse: false, known: [] });
    await provider.remove(id, patient);
    expect(await readFile(join(tree.root, folder, 'remove'), 'utf8')).toBe('1');
  });
});

describe('a write that the kernel does not come back from', () => {
  /** Lets the kernel go on: a FIFO is read. */
  async function letGo(path: string): Promise<string> {
    await using file = await open(join(tree.root, path));
    return (await file.readFile()).toString();
  }
  function showProcesses(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) tree.link(`proc/${pid}`, `/proc/${pid}`);
  }
  const hanging = `${typeFolder}/slow/create`;

  beforeEach(() => {
    tree.parent();
    tree.folder(`${typeFolder}/slow/devices`);
    tree.file(`${typeFolder}/slow/device_api`, 'vfio-pci\n');
    tree.hanging(hanging);
  });

  it('is given up on after the deadline; the device is being created, others of the parent go on, and the end is told', async () => {
    // Time enough for a second writer to start, and to write what the first one cannot.
    const provider = start(5_000);
    const until = new AbortController();
    const events = provider.watch(until.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ kind: 'sync' });
    expect(await refusal(provider.create({ ...request, typeID: 'slow' }, patient))).toEqual(['ETIMEDOUT', 'create']);
    const blocked = await provider.getDevice(id, patient);
    expect(blocked).toMatchObject({ id, parent: '0000:86:00.0', typeID: 'slow', state: 'creating' });
    expect(blocked?.blockedSince).toMatch(/^\d{4}-\d\d-\d\dT/);
    tree.device(other, 'live');
    await provider.create({ ...request, id: other }, patient);
    expect(await letGo(hanging)).toBe(id);
    for (;;) {
      const next = await events.next();
      if (next.done === true || (next.value.kind === 'device' && next.value.id === id)) break;
    }
    expect(await provider.getDevice(id, patient)).toBeUndefined();
    until.abort();
  });

  it('of a device that is there still: it is being removed, for the next agent too', async () => {
    const folder = tree.device(id, 'live');
    tree.file('dev/vfio/7', '');
    rmSync(join(tree.root, folder, 'remove'));
    tree.hanging(`${folder}/remove`);
    const first = start(1_500);
    expect(await refusal(first.remove(id, patient))).toEqual(['ETIMEDOUT', 'remove']);
    const blocked = await first.getDevice(id, patient);
    expect(blocked).toMatchObject({ state: 'removing', typeID: 'nvidia-11', blockedSince: expect.any(String) as unknown });
    expect(await refusal(first.remove(id, patient))).toEqual(['ENOENT', 'remove']);
    await first.close();
    showProcesses();
    const next = start();
    expect(await next.getDevice(id, patient)).toEqual(blocked);
    expect(await letGo(`${folder}/remove`)).toBe('1');
    await expect.poll(async () => (await next.getDevice(id, patient))?.state).toBe('live');
  });

  it('is known to the next agent, by the name of the process that hangs in it, until it is over', async () => {
    const first = start(1_500);
    await refusal(first.create({ ...request, typeID: 'slow' }, patient));
    const blocked = await first.getDevice(id, patient);
    await first.close();
    showProcesses();
    const next = start();
    expect(await next.getDevice(id, patient)).toEqual(blocked);
    const until = new AbortController();
    const events = next.watch(until.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ kind: 'sync' });
    await letGo(hanging);
    expect((await events.next()).value).toEqual({ kind: 'device', id, parent: '0000:86:00.0' });
    expect(await next.getDevice(id, patient)).toBeUndefined();
    until.abort();
  });
});
