import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addFlags, readFlags, type FlagKey } from '../../src/cli/flags.ts';
import { repository } from '../support/operator-command.ts';

const execute = promisify(execFile);
const text = readFileSync(new URL('deploy/systemd/mdev-operator.service', repository), 'utf8');

/** The directives of a unit, by section and name; one that is given several times is a list, as systemd takes these. */
function parseUnit(unit: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let section = '';
  for (const line of unit.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) section = header;
    else {
      const [, name, value] = /^(\w+)=(.+)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`No directive: ${line}`);
      const key = `${section}.${name}`;
      found.set(key, [...(found.get(key) ?? []), ...value.split(' ')]);
    }
  }
  return found;
}

const unit = parseUnit(text);
const environment = (unit.get('Service.Environment') ?? []).map((entry) => entry.split('=') as [string, string]);

/** What `standalone` takes from this environment. */
function flagsOf(keys: readonly FlagKey[], values: Readonly<Record<string, string>>): unknown {
  const command = new Command('standalone').exitOverride();
  addFlags(command, keys);
  const before = { ...process.env };
  try {
    Object.assign(process.env, values);
    command.parse([], { from: 'user' });
    return readFlags(command, keys);
  } finally {
    process.env = before;
  }
}

describe('the systemd unit of a single host', () => {
  it('starts what libvirt needs before libvirt starts a machine, and says when it is there', () => {
    expect(unit.get('Unit.Before')).toEqual(['libvirtd.service', 'virtqemud.service', 'libvirt-guests.service']);
    expect(unit.get('Unit.After')).toEqual(expect.arrayContaining(['modprobe@vfio_iommu_type1.service', 'systemd-modules-load.service']));
    expect(unit.get('Service.Type')).toEqual(['notify']);
    expect(unit.get('Install.WantedBy')).toEqual(['multi-user.target']);
  });

  it('gives flags that there are, and more time to start than is waited for devices', () => {
    const values = Object.fromEntries(environment.map(([name, value]) => [name, value.replace('%S', '/var/lib')]));
    const keys = ['provider', 'dataDir', 'waitForDevices'] as const;
    expect(flagsOf(keys, values)).toEqual({ provider: 'sysfs', dataDir: '/var/lib/mdev-operator', waitForDevices: 60 });
    expect(environment).toHaveLength(keys.length);
    expect(Number(unit.get('Service.TimeoutStartSec')?.[0])).toBeGreaterThan(2 * 60);
  });

  it('signals nobody but the operator, and keeps its state from others', () => {
    expect(unit.get('Service.KillMode')).toEqual(['process']);
    expect(unit.get('Service.StateDirectory')).toEqual(['mdev-operator']);
    expect(unit.get('Service.StateDirectoryMode')).toEqual(['0700']);
  });

  it('leaves it the rights that README.md of the provider names, and no other capability', () => {
    expect(unit.get('Service.CapabilityBoundingSet')).toEqual(['CAP_DAC_OVERRIDE', 'CAP_SYS_PTRACE']);
    expect(unit.get('Service.DeviceAllow')).toEqual(['char-vfio', 'rw']);
    expect(unit.get('Service.RestrictAddressFamilies')).toContain('AF_NETLINK');
    // Each would take one away: /sys writable, other processes, the node's users, /dev/vfio, the API server's users, V8's code.
    const fatal = [
      'ProtectKernelTunables',
      'ProtectProc',
      'ProcSubset',
      'PrivateUsers',
      'PrivateDevices',
      'PrivateNetwork',
      'MemoryDenyWriteExecute',
    ];
    for (const name of fatal) expect(unit.has(`Service.${name}`)).toBe(false);
  });

  it('names no place of the machine that it was written on', () => {
    expect(text).not.toMatch(/\/(work|root|home|srv|opt|tmp)\b/);
  });

  const analyzes = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!analyzes)('is right to systemd-analyze [skipped where there is none]', async () => {
    // The program is not installed here.
    const place = join(mkdtempSync(join(tmpdir(), 'unit-')), 'mdev-operator.service');
    writeFileSync(place, text.replace('ExecStart=mdev-operator ', 'ExecStart=/bin/true '));
    expect(await execute('systemd-analyze', ['verify', place])).toEqual({ stdout: '', stderr: '' });
    const { stdout } = await execute('systemd-analyze', ['security', '--offline=yes', '--threshold=35', place]);
    expect(stdout).toContain('Overall exposure level');
  });
});
