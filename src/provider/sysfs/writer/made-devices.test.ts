import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tree } from '../testing/tree.ts';
import { MadeDevices } from './made-devices.ts';
import type { MadePaths } from './messages.ts';

const id = '5f1a2b3c-0000-4000-8000-000000000001';
const type = 'sys/class/mdev_bus/0000:86:00.0/mdev_supported_types/nvidia-11';

let tree: Tree;
let folder: string;
let paths: MadePaths;
let made: MadeDevices;

beforeEach(() => {
  tree = new Tree();
  tree.parent();
  folder = join(tree.root, tree.device(id, 'live'));
  paths = { folder, deviceAPI: join(tree.root, type, 'device_api'), vfio: join(tree.root, 'dev/vfio') };
  made = new MadeDevices();
});
afterEach(() => tree[Symbol.dispose]());

it('tells of group, device API and inode number, and of nodes that there are', () => {
  const { ino: inode } = statSync(folder);
  expect(made.look(paths)).toEqual({ inode, group: '7', deviceAPI: 'vfio-pci' });
  tree.file('dev/vfio/7', '');
  tree.folder('dev/vfio/devices');
  expect(made.look(paths)).toEqual({ inode, group: '7', deviceAPI: 'vfio-pci', groupPath: join(paths.vfio, '7') });
  tree.folder(join(folder.slice(tree.root.length), 'vfio-dev/vfio3'));
  expect(made.look(paths)).not.toHaveProperty('cdevPath');
  tree.file('dev/vfio/devices/vfio3', '');
  expect(made.look(paths)).toMatchObject({ cdevPath: join(paths.vfio, 'devices/vfio3') });
});

it('leaves it to others to look at what has gone, has no group, or has no device API', () => {
  expect(made.look({ ...paths, folder: join(tree.root, 'none') })).toBeUndefined();
  expect(made.look({ ...paths, deviceAPI: join(tree.root, 'none') })).toBeUndefined();
  rmSync(join(folder, 'iommu_group'));
  expect(made.look(paths)).toBeUndefined();
});

it('reads what is said now, though it keeps the file open', () => {
  expect(made.look(paths)?.deviceAPI).toBe('vfio-pci');
  tree.type('nvidia-11', { device_api: 'vfio-ap\n' });
  expect(made.look(paths)?.deviceAPI).toBe('vfio-ap');
});
