import { execFile } from 'node:child_process';
import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kubectlOk } from '../support/kubectl.ts';
import { repository } from '../support/operator-command.ts';
import { startStandalone, temporaryDataDir } from '../support/standalone-process.ts';

/** Runs the program once, to its end. */
function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = new URL('src/main.ts', repository).pathname;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', main, ...args],
      { cwd: repository.pathname },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

async function modes(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const pairs = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, `${entry.isDirectory() ? 'd' : ''}${((await stat(path)).mode & 0o777).toString(8)}`] as const;
    }),
  );
  return new Map(pairs);
}

describe('standalone', () => {
  it('keeps its directory private, refuses a second one there, and finds emulator and devices again after kill -9', async () => {
    const dataDir = await temporaryDataDir();
    const folder = await mkdtemp(join(tmpdir(), 'apply-'));
    await writeFile(
      join(folder, 'device.yaml'),
      'apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata: {name: early}\nspec: {type: {id: mtty-1}}\n',
    );
    const first = await startStandalone(dataDir, ['--apply', folder]);
    await kubectlOk(first.kubeconfig, ['wait', '--for=condition=Ready', 'mdev/early', '--timeout=10s']);
    for (const [path, mode] of await modes(dataDir)) expect([path, mode]).toEqual([path, mode.startsWith('d') ? 'd700' : '600']);

    const second = await run('standalone', '--data-dir', dataDir);
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/^mdev-operator: --data-dir: another standalone runs on .*\n$/);

    const group = await kubectlOk(first.kubeconfig, ['get', 'mdev', 'early', '-o', 'jsonpath={.status.vfio.bootID}']);
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    const again = await startStandalone(dataDir);
    expect(await kubectlOk(again.kubeconfig, ['get', 'mdev', 'early', '-o', 'jsonpath={.status.vfio.bootID}'])).toBe(group);

    const start = performance.now();
    expect(await again.end('SIGTERM')).toBe(0);
    expect(performance.now() - start).toBeLessThan(2000);
    const list = await run('emulate', 'list', '--socket', again.emulatorSocket);
    expect(list.stderr).toMatch(/^mdev-operator: no emulator answers at .*\n$/);
  });

  it.each([
    [['standalone', '--listen', 'nowhere'], /^mdev-operator: --listen: must be HOST:PORT/],
    [['standalone', '--profile', '/none.yaml'], /^mdev-operator: --profile: cannot read \/none.yaml/],
    [['standalone', '--profile', 'package.json'], /^mdev-operator: --profile: package.json is not a profile: .*parents/],
    [['standalone', '--apply', 'package.json'], /^mdev-operator: --apply: package.json, document 1: /],
    [['standalone', '--provider', 'sysfs', '--run-dir', '/tmp/x'], /^mdev-operator: --run-dir: .*sysfs/],
    [['agent', '--kubeconfig', '/none', '--emulator', '/tmp/x.sock'], /^mdev-operator: --kubeconfig: cannot use \/none/],
    [['agent', '--kubeconfig', '/none'], /^mdev-operator: --emulator: give the UNIX socket/],
    [['controller', '--kubeconfig', '/none'], /^mdev-operator: --kubeconfig: cannot use \/none/],
    [['emulator', '--socket', `/tmp/${'x'.repeat(120)}`], /^mdev-operator: --socket: .* is too long for a UNIX socket/],
    [['emulate', 'fault', 'p', 'create', 'ENOTHING'], /^mdev-operator: outcome: must be hang or an errno/],
    [['emulate', 'list', '--socket', '/tmp/nobody.sock'], /^mdev-operator: no emulator answers at \/tmp\/nobody.sock/],
    [['remove', 'x'], /^mdev-operator: x is not the UUID of a device/],
    [['nonsense'], /^error: unknown command 'nonsense'/],
  ])('refuses %j in one line, with status 2', async (args, message) => {
    const dataDir = ['standalone', 'agent', 'remove'].includes(args[0] ?? '') ? ['--data-dir', await temporaryDataDir()] : [];
    const { code, stderr } = await run(...args, ...dataDir);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(code).toBe(2);
  });

  it.each([
    'standalone',
    'agent',
    'controller',
    'emulator',
    'emulate',
    'crds',
    'version',
    'owned',
    'release',
    'remove',
    'import',
    'export',
  ])('%s has --help', async (command) => {
    const { code, stdout } = await run(command, '--help');
    expect([code, stdout]).toEqual([0, expect.stringContaining(`mdev-operator ${command}`)]);
  });
});
