import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainUserCanRun, runAsPlainUser } from '../../../test/support/plain-user.ts';
import { examineNode, type Finding } from './examine.ts';
import { sysfsLayout } from './layout.ts';
import { Tree } from './testing/tree.ts';
import type { UeventListener } from './uevents/listener.ts';

let tree: Tree;

const inOwnMounts = ['--user', '--map-root-user', '--mount'];
const mayMount = spawnSync('unshare', [...inOwnMounts, 'true']).status === 0;

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
  for (const path of ['class/iommu/dmar0', 'class/vfio', 'class/vfio-dev', 'module/vfio_iommu_type1']) tree.folder(`sys/${path}`);
}

function remove(path: string): void {
  rmSync(`${tree.root}/${path}`, { recursive: true });
}

function problemsOf(findings: readonly Finding[]): string[] {
  return findings.filter(({ kind }) => kind === 'problem').map(({ what, advice }) => `${what} -> ${advice ?? ''}`);
}

/** A listener as there is one where uevents can be heard; starting a real one takes a thread. */
const hears = (): Promise<UeventListener> =>
  Promise.resolve({ ended: new Promise(() => undefined), [Symbol.asyncDispose]: () => Promise.resolve() });

async function problems(): Promise<string[]> {
  return problemsOf(await examineNode(sysfsLayout(tree.root), hears));
}

describe('a node', () => {
  it('on which nothing is missing has no problem', async () => {
    wholesome();
    const findings = await examineNode(sysfsLayout(tree.root));
    expect(findings.map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => 'good'));
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

  it('whose driver has registered a parent without types is told to read the kernel log', async () => {
    wholesome();
    remove('sys/devices/pci0000:00/0000:86:00.0/mdev_supported_types');
    expect(await problems()).toEqual([expect.stringMatching(/has no types -> .*kernel log/)]);
  });

  it.each([
    ['VFIO', ['sys/class/vfio', 'sys/class/vfio-dev', 'dev/vfio'], /VFIO is not loaded -> load vfio_iommu_type1/],
    ['VFIO, though a static node is there', ['sys/class/vfio', 'sys/class/vfio-dev'], /VFIO is not loaded/],
    ['groups in its VFIO', ['sys/class/vfio', 'dev/vfio'], /no groups \(CONFIG_VFIO_GROUP\) -> use a kernel/],
    ['/dev/vfio in this container', ['dev/vfio'], /no \/dev\/vfio\/vfio -> let this process have the node's \/dev\/vfio/],
    ['type1', ['sys/module/vfio_iommu_type1'], /vfio_iommu_type1 is not loaded -> load it/],
  ])('without %s says what to do', async (_, gone, expected) => {
    wholesome();
    gone.forEach(remove);
    expect(await problems()).toEqual([expect.stringMatching(expected)]);
  });

  it('with iommufd needs no type1', async () => {
    wholesome();
    remove('sys/module/vfio_iommu_type1');
    tree.folder('sys/class/misc/iommu');
    expect(await problems()).toEqual([]);
  });

  it('seen from another PID namespace does not show who uses a device', async () => {
    wholesome();
    remove('proc/1');
    tree.link('proc/1/ns/pid', 'pid:[4026532000]');
    expect(await problems()).toEqual([expect.stringMatching(/Who uses a device cannot be told.* -> .*hostPID/)]);
  });

  it.each([
    // Bits of linux/capability.h: 1 is DAC_OVERRIDE, 2 DAC_READ_SEARCH, 19 SYS_PTRACE.
    ['none of the rights', 0n, 'CAP_SYS_PTRACE and CAP_DAC_OVERRIDE'],
    ['CAP_DAC_OVERRIDE alone', 1n << 1n, 'CAP_SYS_PTRACE'],
    ['CAP_SYS_PTRACE alone', 1n << 19n, 'CAP_DAC_OVERRIDE'],
  ])('does not show who uses a device to whom has %s to look', async (_, capabilities, missing) => {
    wholesome();
    tree.file('proc/self/status', `CapEff:\t${capabilities.toString(16).padStart(16, '0')}\n`);
    expect(await problems()).toEqual([
      expect.stringContaining(`open files of other processes is missing -> run it as root, or with ${missing},`),
    ]);
  });

  it.each([(1n << 1n) | (1n << 19n), (1n << 2n) | (1n << 19n)])('shows it to whom has the capabilities %i', async (capabilities) => {
    wholesome();
    tree.file('proc/self/status', `CapEff:\t${capabilities.toString(16).padStart(16, '0')}\n`);
    expect(await problems()).toEqual([]);
  });

  it('whose uevents cannot be heard says that changes are noticed late, which is no problem', async () => {
    wholesome();
    const findings = await examineNode(sysfsLayout(tree.root), () => Promise.reject(new Error('Cannot hear uevents: EAFNOSUPPORT')));
    expect(problemsOf(findings)).toEqual([]);
    expect(findings.find(({ kind }) => kind === 'note')).toMatchObject({
      what: expect.stringContaining('EAFNOSUPPORT') as unknown,
      advice: expect.stringContaining('AF_NETLINK') as unknown,
    });
  });

  it.skipIf(!plainUserCanRun())(
    'whose files are not this user’s to write says so [skipped where other users cannot read this repository]',
    async () => {
      wholesome();
      chmodSync(tree.root, 0o755);
      chmodSync(`${tree.root}/sys/class/mdev_bus/0000:86:00.0/mdev_supported_types/nvidia-11/create`, 0o400);
      const { stdout, stderr } = await runAsPlainUser('src/provider/sysfs/testing/examine-main.ts', tree.root);
      expect(stderr).toBe('');
      expect(problemsOf(JSON.parse(stdout) as Finding[])).toEqual([
        expect.stringMatching(/may not create devices \(EACCES\) -> run it as root/),
      ]);
    },
  );

  it.skipIf(!mayMount).each([
    ['with a parent', true],
    ['without one', false],
  ])('%s whose /sys is mounted read-only says so [skipped where nobody may mount]', async (_, hasParent) => {
    wholesome();
    if (!hasParent) remove('sys/class/mdev_bus');
    const script = 'mount --bind "$0/sys" "$0/sys" && mount -o remount,bind,ro "$0/sys" && exec "$@"';
    const program = new URL('testing/examine-main.ts', import.meta.url).pathname;
    const inside = [tree.root, process.execPath, '--disable-warning=ExperimentalWarning', program, tree.root];
    const { stdout } = await promisify(execFile)('unshare', [...inOwnMounts, 'sh', '-c', script, ...inside]);
    expect(problemsOf(JSON.parse(stdout) as Finding[])).toContainEqual(
      expect.stringMatching(/\/sys is mounted read-only.* -> mount it for writing/),
    );
  });

  it('without a hardware IOMMU is all right', async () => {
    wholesome();
    remove('sys/class/iommu');
    const findings = await examineNode(sysfsLayout(tree.root));
    expect(findings.find(({ kind }) => kind === 'note')?.what).toContain('need none');
    expect(await problems()).toEqual([]);
  });
});
