import { chmodSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examineNode } from './examine.ts';
import { sysfsLayout } from './layout.ts';
import { Tree } from './testing/tree.ts';

let tree: Tree;

beforeEach(() => {
  tree = new Tree();
});
afterEach(() => {
  tree[Symbol.dispose]();
});

/** A node on which nothing is missing. */
function wholesome(): void {
  tree.parent();
  tree.file('dev/vfio/vfio', '');
  tree.link('proc/1/ns/pid', 'pid:[4026531836]');
  tree.file('proc/self/status', 'CapEff:\t000001ffffffffff\n');
  tree.folder('sys/class/iommu/dmar0');
}

async function problems(): Promise<string[]> {
  return (await examineNode(sysfsLayout(tree.root))).filter(({ kind }) => kind === 'problem').map(({ what }) => what);
}

describe('a node', () => {
  it('on which nothing is missing has no problem', async () => {
    wholesome();
    const findings = await examineNode(sysfsLayout(tree.root));
    expect(findings.map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => 'good'));
    expect(findings[0]?.what).toContain('0000:86:00.0');
  });

  it('without the mdev core is told to load a driver', async () => {
    tree.folder('sys');
    expect((await problems())[0]).toContain('mdev core is not loaded');
  });

  it('without sysfs is told so', async () => {
    expect((await problems())[0]).toContain('no sysfs');
  });

  it('with the core but no parent is told that no driver has registered one', async () => {
    tree.folder('sys/bus/mdev/devices');
    expect((await problems())[0]).toContain('no driver has registered a parent');
  });

  it('without /dev/vfio/vfio cannot give devices to anybody', async () => {
    wholesome();
    rmSync(`${tree.root}/dev/vfio/vfio`);
    expect(await problems()).toEqual(['There is no /dev/vfio/vfio']);
  });

  it('seen from another PID namespace does not show who uses a device', async () => {
    wholesome();
    rmSync(`${tree.root}/proc/1`, { recursive: true });
    tree.link('proc/1/ns/pid', 'pid:[4026532000]');
    expect((await problems())[0]).toContain('hostPID');
  });

  it('does not show who uses a device without the right to look', async () => {
    wholesome();
    tree.file('proc/self/status', 'CapEff:\t0000000000000000\n');
    expect(await problems()).toEqual([expect.stringContaining('the right to look at other processes is missing')]);
  });

  // Root may write whatever the mode says.
  it.skipIf(process.getuid?.() === 0)('whose files may not be written says so [skipped for root, who may write everything]', async () => {
    wholesome();
    chmodSync(`${tree.root}/sys/class/mdev_bus/0000:86:00.0/mdev_supported_types/nvidia-11/create`, 0o400);
    expect((await problems())[0]).toContain('may not create devices (EACCES)');
  });

  it('without a hardware IOMMU is all right', async () => {
    wholesome();
    rmSync(`${tree.root}/sys/class/iommu`, { recursive: true });
    const findings = await examineNode(sysfsLayout(tree.root));
    expect(findings.find(({ kind }) => kind === 'note')?.what).toContain('need none');
    expect(await problems()).toEqual([]);
  });
});
