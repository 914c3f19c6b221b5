import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { holdDevice } from './hold-device.ts';
import { healAll, outcomeOf, setOutcome } from './mfault.ts';

const parents = '/sys/class/mdev_bus';
const devices = '/sys/bus/mdev/devices';
const typeFolder = (parent: string, type: string): string => join(parents, parent, 'mdev_supported_types', type);
const available = (parent: string, type: string): number =>
  Number(readFileSync(join(typeFolder(parent, type), 'available_instances'), 'utf8'));
const remove = (uuid: string): void => writeFileSync(join(devices, uuid, 'remove'), '1');

/** Makes a device that is removed after the test. */
function create(parent: string, type: string): string {
  const uuid = randomUUID();
  writeFileSync(join(typeFolder(parent, type), 'create'), uuid);
  onTestFinished(() => {
    if (existsSync(join(devices, uuid))) remove(uuid);
  });
  return uuid;
}

/** The node whose opening takes the group of a device. */
function groupNode(uuid: string): string {
  return join('/dev/vfio', basename(readlinkSync(join(devices, uuid, 'iommu_group'))));
}

function claim(node: string): void {
  closeSync(openSync(node, 'r+'));
}

describe('the guest', () => {
  test('runs the kernel that was asked for', () => {
    expect(release().split('.').slice(0, 2).join('.')).toBe(process.env['KERNEL']);
  });

  test('has the repository read-only and /scratch for writing', () => {
    expect(() => writeFileSync('/repository/package.json', '')).toThrow('EROFS');
    writeFileSync('/scratch/written', 'by the guest');
    expect(readFileSync('/scratch/written', 'utf8')).toBe('by the guest');
    rmSync('/scratch/written');
  });
});

describe('the drivers', () => {
  test.each([
    ['mtty', { 'mtty-1': 24, 'mtty-2': 12 }],
    ['mdpy', { 'mdpy-hd': 4, 'mdpy-vga': 4, 'mdpy-xga': 4 }],
    ['mbochs', { 'mbochs-large': 4, 'mbochs-medium': 16, 'mbochs-small': 64 }],
    ['mfault', { 'mfault-large': 2, 'mfault-small': 8 }],
  ])('%s is a parent with its types', (parent, types) => {
    const found = readdirSync(join(parents, parent, 'mdev_supported_types'));
    expect(Object.fromEntries(found.map((type) => [type, available(parent, type)]))).toEqual(types);
  });

  test('make a device when its UUID is written to create, and take it away when 1 is written to remove', () => {
    const uuid = create('mtty', 'mtty-2');
    expect(basename(readlinkSync(join(devices, uuid, 'mdev_type')))).toBe('mtty-2');
    expect([available('mtty', 'mtty-1'), available('mtty', 'mtty-2')]).toEqual([22, 11]);
    remove(uuid);
    expect(readdirSync(devices)).toEqual([]);
    expect([available('mtty', 'mtty-1'), available('mtty', 'mtty-2')]).toEqual([24, 12]);
  });
});

describe('the driver that fails on demand', () => {
  const write = (uuid: string, name: string, value: string) => (): void => writeFileSync(join(devices, uuid, 'vendor', name), value);

  test('checks what is written to its attributes, and fails at one of them', () => {
    const uuid = create('mfault', 'mfault-small');
    for (const [name, value] of Object.entries({ level: '100', mode: 'fast' })) {
      write(uuid, name, value)();
      expect(readFileSync(join(devices, uuid, 'vendor', name), 'utf8')).toBe(`${value}\n`);
    }
    for (const value of ['101', '-1', 'fast']) expect(write(uuid, 'level', value), value).toThrow('EINVAL');
    expect(write(uuid, 'mode', 'slow')).toThrow('EINVAL');
    expect(write(uuid, 'broken', '1')).toThrow('EIO');
  });

  test('fails with the error that it was told of, and leaves nothing behind', () => {
    setOutcome('create', 'ERANGE');
    onTestFinished(healAll);
    expect(() => create('mfault', 'mfault-large')).toThrow('ERANGE');
    expect([readdirSync(devices), available('mfault', 'mfault-large')]).toEqual([[], 2]);
  });

  test('hangs so that no signal ends it, until it is told to go on', async () => {
    setOutcome('create', 'hang');
    onTestFinished(healAll);
    expect(outcomeOf('create')).toBe('hang');
    const uuid = randomUUID();
    const writer = spawn('sh', ['-c', `echo ${uuid} >${join(typeFolder('mfault', 'mfault-small'), 'create')}`], { stdio: 'ignore' });
    const ended = once(writer, 'exit');
    const state = (): string | undefined => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${writer.pid ?? ''}/status`, 'utf8'))?.[1];
    await expect.poll(state).toBe('D');
    writer.kill('SIGKILL');
    await expect.poll(() => readFileSync(`/proc/${writer.pid ?? ''}/status`, 'utf8')).toMatch(/^ShdPnd:\s+0*100$/m);
    expect([state(), readdirSync(devices)]).toEqual(['D', [uuid]]);
    healAll();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(available('mfault', 'mfault-small')).toBe(7);
    remove(uuid);
  });
});

describe('hold-device', () => {
  test.each([
    ['the device', {}],
    ['nothing but the device', { closeGroup: true }],
    ['the device, with memory mapped', { mapMebibytes: 4 }],
  ])('makes the group busy while it has %s open', async (_, options) => {
    const uuid = create('mtty', 'mtty-1');
    const node = groupNode(uuid);
    claim(node);
    {
      await using holder = await holdDevice(uuid, options);
      expect(() => claim(node)).toThrow('EBUSY');
      const open = readdirSync(`/proc/${holder.pid}/fd`).map((fd) => readlinkSync(`/proc/${holder.pid}/fd/${fd}`));
      expect(open).toContain('anon_inode:[vfio-device]');
      expect(open.includes(node)).toBe(!('closeGroup' in options));
    }
    claim(node);
  });

  test('says why it cannot', async () => {
    await expect(holdDevice(randomUUID())).rejects.toThrow('ENOENT');
  });
});

test('mdevctl lists the types of all parents', () => {
  const types = execFileSync('mdevctl', ['types'], { encoding: 'utf8' });
  const listed = [...types.matchAll(/^ {2}(m\S+)$/gm)].map(([, type]) => type);
  expect(listed.toSorted()).toEqual([
    'mbochs-large',
    'mbochs-medium',
    'mbochs-small',
    'mdpy-hd',
    'mdpy-vga',
    'mdpy-xga',
    'mfault-large',
    'mfault-small',
    'mtty-1',
    'mtty-2',
  ]);
});
