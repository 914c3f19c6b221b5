import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errnoOf } from '../../src/lib/errno.ts';
import type { RoleProcess } from '../support/role-process.ts';
import { isReadable, Site, troubles } from './site.ts';

/** Gives what comes after it a file system of its own at $0, 256 KiB large, that nobody else sees but through /proc. */
const onSmallDisk = 'mount -t tmpfs -o size=256k none "$0" && exec "$@"';
const unshare = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--mount'];

function mayMount(): boolean {
  return spawnSync(unshare[0] ?? '', [...unshare.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
}

// Without namespaces of mounts (a container without CAP_SYS_ADMIN) there is no disk to fill that is not somebody else's.
describe.skipIf(!mayMount())('a full disk below the ownership records', () => {
  let site: Site;
  let agent: RoleProcess;
  let ballast: string;

  beforeEach(async () => {
    site = await Site.prepare();
    await mkdir(site.dataDir);
    agent = await site.agent(undefined, [...unshare, 'sh', '-c', onSmallDisk, site.dataDir]);
    ballast = join(`/proc/${agent.pid}/root`, site.dataDir, 'ballast');
    await agent.ready();
    await (await site.controller()).ready();
  });
  afterEach(async () => {
    await site[Symbol.asyncDispose]();
  }, 60_000);

  /** Writes until there is no room left. */
  async function fill(): Promise<void> {
    for (const size of [65_536, 4_096])
      for (let index = 0; ; index += 1) {
        try {
          await writeFile(`${ballast}-${size}-${index}`, Buffer.alloc(size, 1));
        } catch (error) {
          expect(errnoOf(error)).toBe('ENOSPC');
          break;
        }
      }
  }

  /** Makes room, a little at a time as people do: only some of it. */
  async function makeRoom(): Promise<void> {
    await rm(`${ballast}-65536-0`);
  }

  it('is one line for all devices that it holds up, and they are made when there is room', async () => {
    await site.apply('before');
    await agent.until(async () => (await site.condition('before', 'Ready')) === 'True Ready', 'the first device is Ready');
    await fill();
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await site.apply(name);
    expect(await agent.unready(/^not ready: records: /)).toMatch(/ENOSPC.*free space or inodes/);
    for (const name of names)
      await agent.until(async () => (await site.condition(name, 'Created')) === 'False RecordFailed', `${name} says why it is not made`);
    expect(await agent.metrics()).toContain('mdev_records_writable 0');
    expect(troubles(agent), agent.log).toMatchObject([{ fault: 'RecordFolder', err: { errno: 'ENOSPC' } }]);
    expect(troubles(agent).every(isReadable), agent.log).toBe(true);
    await makeRoom();
    await agent.ready();
    for (const name of names) await agent.until(async () => (await site.condition(name, 'Ready')) === 'True Ready', `${name} is Ready`);
    await agent.until(() => agent.lines.some(({ msg }) => msg === 'ready again'), 'it tells that it is ready again');
    // Lines that nobody asks for at this level would be in it, too: the whole log is short.
    expect(agent.lines.length, agent.log).toBeLessThan(10);
  }, 120_000);

  it('keeps an agent that is started on it from the devices, and is found to be mended without any device', async () => {
    await fill();
    await site.apply('a');
    expect(await agent.unready(/^not ready: records: /)).toMatch(/ENOSPC/);
    await makeRoom();
    await agent.ready();
    await agent.until(async () => (await site.condition('a', 'Ready')) === 'True Ready', 'the device is Ready');
  }, 120_000);
});
