import { afterEach, beforeEach, expect, it } from 'vitest';
import { sysfsLayout } from '../layout.ts';
import { Tree } from '../testing/tree.ts';
import { HolderScans } from './holder-scans.ts';

let tree: Tree;

beforeEach(() => {
  tree = new Tree();
  tree.folder('proc');
});
afterEach(() => {
  tree[Symbol.dispose]();
});

/** A process that has a device open whose name the kernel does not tell. */
function process(pid: number): void {
  tree.link(`proc/${pid}/fd/3`, 'anon_inode:[vfio-device]');
}

it('those who ask together get one look; who asks while it runs gets the next, which sees what has come since', async () => {
  process(7);
  const scans = new HolderScans(sysfsLayout(tree.root));
  const [first, second] = [scans.scan(), scans.scan()];
  expect(second).toBe(first);
  expect((await first).holders.map(({ pid }) => pid)).toEqual([7]);
  process(8);
  const later = scans.scan();
  expect(later).not.toBe(first);
  expect((await later).holders.map(({ pid }) => pid)).toEqual([7, 8]);
});

it('a look that fails keeps no other from looking', async () => {
  const scans = new HolderScans({ ...sysfsLayout(tree.root), proc: '\0' });
  await expect(scans.scan()).rejects.toThrow();
  await expect(scans.scan()).rejects.toThrow();
});

it('a writer of the provider, which holds a group while it removes a device, is no user', async () => {
  process(7);
  process(8);
  tree.file('proc/8/cmdline', 'mdev-writer remove 12345678-1234-1234-1234-123456789abc mtty-1 2026-01-01T00:00:00Z mtty\0');
  expect((await new HolderScans(sysfsLayout(tree.root)).scan()).holders.map(({ pid }) => pid)).toEqual([7]);
});
