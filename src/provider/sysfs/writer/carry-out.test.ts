import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tree } from '../testing/tree.ts';
import { carryOut as carryOutBy } from './carry-out.ts';
import { MadeDevices } from './made-devices.ts';
import type { WriteAnswer, WriteRequest } from './messages.ts';

const id = '5f1a2b3c-0000-4000-8000-000000000001';
const title = 'mdev-writer test';

let tree: Tree;
let folder: string;

beforeEach(() => {
  tree = new Tree();
  tree.parent();
  folder = join(tree.root, tree.device(id, 'live'));
});
afterEach(() => tree[Symbol.dispose]());

const carryOut = (request: WriteRequest): WriteAnswer => carryOutBy(request, new MadeDevices());
const file = (): { path: string; value: string } => ({ path: join(folder, 'remove'), value: '1' });
const written = (): string => readFileSync(join(folder, 'remove'), 'utf8');
const claim = (): { vfio: string; link: string } => ({ vfio: join(tree.root, 'dev/vfio'), link: join(folder, 'iommu_group') });

it('writes nothing where the folder is of another device by now', () => {
  const only = { folder, inode: statSync(folder).ino + 1 };
  expect(carryOut({ title, file: file(), only }).refused).toMatchObject({ step: 'only', code: 'ESTALE' });
  expect(written()).toBe('');
  expect(carryOut({ title, file: file(), only: { folder, inode: statSync(folder).ino } })).toEqual({});
  expect(written()).toBe('1');
});

it('goes without a claim where the device has no group, or is losing it', () => {
  expect(carryOut({ title, file: file(), claim: { ...claim(), link: join(folder, 'none') } })).toEqual({});
  rmSync(join(folder, 'mdev_type'));
  expect(carryOut({ title, file: file(), claim: claim() })).toEqual({});
  expect(written()).toBe('1');
});

it('writes nothing where the group of a device has no node here', () => {
  expect(carryOut({ title, file: file(), claim: claim() }).refused).toMatchObject({ step: 'claim', code: 'ENOENT' });
  expect(written()).toBe('');
});

it('writes nothing where the group’s node cannot be opened', () => {
  // A folder cannot be opened for writing, whoever asks.
  tree.folder('dev/vfio/7');
  const { refused } = carryOut({ title, file: file(), claim: claim() });
  expect(refused?.step).toBe('claim');
  expect(written()).toBe('');
});

it('tells of what was made as it is after the write, or of nothing', () => {
  const look = {
    folder,
    deviceAPI: join(tree.root, 'sys/class/mdev_bus/0000:86:00.0/mdev_supported_types/nvidia-11/device_api'),
    vfio: claim().vfio,
  };
  const { ino: inode } = statSync(folder);
  expect(carryOut({ title, file: file(), look })).toEqual({ seen: { inode, group: '7', deviceAPI: 'vfio-pci' } });
  expect(carryOut({ title, file: file(), look: { ...look, folder: join(tree.root, 'none') } })).toEqual({});
});
