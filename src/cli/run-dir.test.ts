import { chmod, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRunDir, runDirPath } from './run-dir.ts';

const uid = process.getuid?.() ?? 0;

describe('the folder of the sockets of devices', () => {
  it('is beside the socket of the emulator', () => {
    expect(runDirPath({ given: undefined, beside: '/var/lib/mdev', env: {}, uid: 0 })).toBe('/var/lib/mdev/vfio-user');
  });

  it('has a short path, the same each time, where that would be too long for a socket', () => {
    const beside = `/home/user/${'d'.repeat(60)}`;
    const path = runDirPath({ given: undefined, beside, env: { XDG_RUNTIME_DIR: '/run/user/7' }, uid: 7 });
    expect(path).toMatch(/^\/run\/user\/7\/mdev-operator-7-[0-9a-f]{12}$/);
    expect(runDirPath({ given: undefined, beside, env: { XDG_RUNTIME_DIR: '/run/user/7' }, uid: 7 })).toBe(path);
    expect(runDirPath({ given: undefined, beside: `${beside}x`, env: { XDG_RUNTIME_DIR: '/run/user/7' }, uid: 7 })).not.toBe(path);
    expect(runDirPath({ given: undefined, beside, env: {}, uid: 0 })).toMatch(/^\/run\/mdev-operator-0-/);
    expect(runDirPath({ given: undefined, beside, env: {}, uid: 7 })).toMatch(/^\/tmp\/mdev-operator-7-/);
  });

  it('is the one asked for, and refused if it is too long', () => {
    expect(runDirPath({ given: '/run/x', beside: '/a', env: {}, uid: 0 })).toBe('/run/x');
    const given = `/${'x'.repeat(70)}`;
    expect(() => runDirPath({ given, beside: '/a', env: {}, uid: 0 })).toThrow(/^--run-dir: .* is too long for a UNIX socket/);
  });
});

describe('making it', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mdev-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('gives nobody else access, and finds it again', async () => {
    const path = join(folder, 'a', 'b');
    await makeRunDir(path, uid);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await expect(makeRunDir(path, uid)).resolves.toBeUndefined();
  });

  it('refuses one that others can write to, or that somebody else made', async () => {
    await chmod(folder, 0o777);
    await expect(makeRunDir(folder, uid)).rejects.toThrow('--run-dir');
    await chmod(folder, 0o700);
    await expect(makeRunDir(folder, uid + 1)).rejects.toThrow('--run-dir');
    await symlink(folder, `${folder}/link`);
    await expect(makeRunDir(`${folder}/link`, uid)).rejects.toThrow('--run-dir');
  });
});
