import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sysfsLayout } from '../layout.ts';
import { Tree } from '../testing/tree.ts';
import { describeProcess, lockedMemory, vmName } from './process.ts';

let tree: Tree;

beforeEach(() => {
  tree = new Tree();
});
afterEach(() => {
  tree[Symbol.dispose]();
});

describe('the name of a virtual machine', () => {
  it.each([
    [['qemu-system-x86_64', '-name', 'web', '-m', '1G'], 'web'],
    [['qemu-kvm', '-name', 'guest=web-1,debug-threads=on', '-S'], 'web-1'],
    [['qemu-kvm', '-name', 'debug-threads=on,guest=a,,b'], 'a,b'],
    [['qemu-kvm', '-name', 'debug-threads=on'], undefined],
    [['qemu-kvm', '-name'], undefined],
    [['cloud-hypervisor', '--kernel', 'x'], undefined],
  ])('in %j is %s', (args, name) => {
    expect(vmName(args)).toBe(name);
  });
});

describe('a process', () => {
  it('has a name, and a VM where its command line names one; none when it has ended', async () => {
    tree.file('proc/7/comm', 'qemu-kvm\n');
    tree.file('proc/7/cmdline', 'qemu-kvm\0-name\0guest=web\0');
    const layout = sysfsLayout(tree.root);
    expect(await describeProcess(layout, 7)).toEqual({ pid: 7, comm: 'qemu-kvm', vm: 'web' });
    expect(await describeProcess(layout, 8)).toBeUndefined();
  });

  it.each([
    ['is held to its limit', '8388608', '00000000', { lockedBytes: 4_202_496, limitBytes: 8_388_608 }],
    ['has no limit', 'unlimited', '00000000', { lockedBytes: 4_202_496 }],
    ['has CAP_IPC_LOCK, which no limit holds', '8388608', '00004000', { lockedBytes: 4_202_496 }],
  ])('%s', async (_, limit, capabilities, expected) => {
    tree.file('proc/7/status', `Name:\tqemu\nVmPin:\t       0 kB\nVmLck:\t    4104 kB\nCapEff:\t${capabilities}\n`);
    tree.file(
      'proc/7/limits',
      `Limit                     Soft Limit           Hard Limit           Units\nMax locked memory         ${limit}              ${limit}              bytes\n`,
    );
    expect(await lockedMemory(sysfsLayout(tree.root), 7)).toEqual(expected);
  });
});
