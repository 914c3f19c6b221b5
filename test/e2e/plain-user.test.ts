import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mdevDeviceSchema } from '../../src/api/mdev-device.ts';
import { kubectlOk } from '../support/kubectl.ts';
import { plainUser, plainUserCanRun, runAsPlainUser } from '../support/plain-user.ts';
import { startStandalone } from '../support/standalone-process.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A folder of that user's own. */
async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plain-'));
  folders.push(folder);
  if (plainUser.uid !== undefined && plainUser.gid !== undefined) await chown(folder, plainUser.uid, plainUser.gid);
  return folder;
}

// For root, that user is nobody.
describe.skipIf(!plainUserCanRun())('a user who is not root [skipped where other users cannot read this repository]', () => {
  it('runs everything on the emulated kernel, and has devices with sockets', async () => {
    const dataDir = join(await ownFolder(), 'data');
    const standalone = await startStandalone(dataDir, [], plainUser);
    try {
      const manifest = {
        apiVersion: 'mediated.dev/v1alpha1',
        kind: 'MdevDevice',
        metadata: { name: 'mine', namespace: 'default' },
        spec: { type: { id: 'mtty-2' } },
      };
      await kubectlOk(standalone.kubeconfig, ['apply', '-f', '-'], { input: JSON.stringify(manifest) });
      await kubectlOk(standalone.kubeconfig, ['wait', '--for=condition=Ready', '--timeout=20s', 'mdev/mine']);
      const { status } = mdevDeviceSchema.parse(JSON.parse(await kubectlOk(standalone.kubeconfig, ['get', 'mdev', 'mine', '-o', 'json'])));
      expect(status?.vfio?.socketPath).toBe(join(dataDir, 'vfio-user', `${status?.uuid ?? ''}.sock`));
      const listed = await runAsPlainUser('src/main.ts', 'emulate', 'list', '--socket', standalone.emulatorSocket);
      expect(listed.stdout).toContain(status?.uuid);
      await kubectlOk(standalone.kubeconfig, ['delete', 'mdev', 'mine', '--timeout=20s']);
      expect(standalone.log()).toBe('');
    } finally {
      expect(await standalone.end('SIGTERM')).toBe(0);
    }
  });

  it.each([
    ['import', '--provider', 'sysfs'],
    ['export', '--format', 'mdevctl'],
    ['qemu', 'any'],
    ['owned'],
    ['remove', '00000000-0000-0000-0000-000000000001'],
    ['standalone'],
    ['agent', '--provider', 'sysfs', '--kubeconfig', '/dev/null'],
  ])('is told, by %s, whose the data directory is that they may not use', async (...args) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'theirs-'));
    folders.push(dataDir);
    if (plainUser.uid === undefined) await chmod(dataDir, 0);
    const { code, stderr } = await runAsPlainUser('src/main.ts', ...args, '--data-dir', dataDir);
    expect(stderr).toMatch(
      /^mdev-operator: --data-dir: this user may not use \S+; its owner alone may: run this as that user \(root, .*\n$/,
    );
    expect(stderr).toContain(dataDir);
    expect(code).toBe(2);
  });
});
