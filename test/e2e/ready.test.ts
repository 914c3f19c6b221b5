import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { must, openLibc } from '../../src/lib/libc/libc.ts';
import { namedAddress } from '../../src/lib/libc/structs.ts';
import { kubectlOk } from '../support/kubectl.ts';
import { startStandalone, temporaryDataDir, type StandaloneProcess } from '../support/standalone-process.ts';

const libc = openLibc();
let folder: string;
let socket: string;
let manager: number;
let standalone: StandaloneProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ready-'));
  socket = join(folder, 'notify');
  manager = must(libc.unixDatagramSocket(), 'socket');
  must(libc.bind(manager, namedAddress(socket)), 'bind');
});
afterEach(async () => {
  await standalone?.end('SIGTERM');
  libc.close(manager);
});

/** What the service manager has been told; undefined when it has not. */
function told(): string | undefined {
  const buffer = Buffer.alloc(4096);
  const length = libc.read(manager, buffer);
  return length < 0 ? undefined : buffer.toString('utf8', 0, length);
}

async function start(dataDir: string, ...args: string[]): Promise<StandaloneProcess> {
  standalone = await startStandalone(dataDir, args, { env: { ...process.env, NOTIFY_SOCKET: socket } });
  return standalone;
}

async function manifest(name: string, typeID: string): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, `apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata: {name: ${name}}\nspec: {type: {id: ${typeID}}}\n`);
  return path;
}

it('a standalone that waits for its devices is ready, and tells its service manager so, when they are', async () => {
  const dataDir = await temporaryDataDir();
  const first = await start(dataDir, '--apply', await manifest('early', 'mtty-1'), '--wait-for-devices', '15');
  const bootID = async ({ kubeconfig }: StandaloneProcess): Promise<string> =>
    kubectlOk(kubeconfig, ['get', 'mdev', 'early', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.vfio.bootID}']);
  const before = await bootID(first);
  expect(before).toMatch(/^True \S+$/);
  await expect.poll(told).toBe('READY=1\nSTATUS=ready\n');

  // The emulated kernel ends with it, as with a reboot: what was said of the device is true no more.
  await first.end('SIGTERM');
  const after = await bootID(await start(dataDir, '--wait-for-devices', '15'));
  expect(after).toMatch(/^True \S+$/);
  expect(after).not.toBe(before);
});

it('one of whose devices cannot be had is ready all the same when it has waited long enough, and names it', async () => {
  const args = ['--apply', await manifest('early', 'mtty-1'), '--apply', await manifest('never', 'no-such-type')];
  await start(await temporaryDataDir(), ...args, '--wait-for-devices', '2');
  await expect.poll(told).toBe('READY=1\nSTATUS=ready, without default/never (NoSuchType)\n');
  expect(standalone?.log()).toContain('not all devices are ready');
});

it('one that waits for nothing is ready before its devices are', async () => {
  await start(await temporaryDataDir(), '--apply', await manifest('never', 'no-such-type'));
  await expect.poll(told).toBe('READY=1\nSTATUS=ready\n');
});
