import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { RemoteHostControl } from '../../src/provider/host/client.ts';
import { RemoteProvider } from '../../src/provider/remote/client.ts';
import { patient, refusal, watching } from './support.ts';

const log = pino({ level: 'silent' });
const profile = fileURLToPath(new URL('../../profiles/default.yaml', import.meta.url));
const mtty = { parent: 'mtty', typeID: 'mtty-1' };

describe('the emulator as a process', () => {
  let folder = '';
  let socketPath = '';
  const children = new Set<ChildProcess>();

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'mdev-'));
    socketPath = path.join(folder, 'emulator.sock');
  });

  afterEach(async () => {
    await Promise.all([...children].map(kill));
    await rm(folder, { recursive: true });
  });

  /** Starts one of the programs beside this file; resolves when it says that it is ready. */
  async function start(program: string, ...args: string[]): Promise<ChildProcess> {
    const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, { stdio: 'inherit' });
    children.add(child);
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${program} ended with status ${String(code)}`);
      }),
    ]);
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  it('kept alive loses nothing; killed and started anew it has another boot ID and no devices', async () => {
    const first = await start('emulator-main.ts', socketPath, profile);
    const provider = new RemoteProvider({ socketPath, clock: systemClock, log });
    const { bootID } = await provider.info(patient);
    await provider.create({ id: randomUUID(), ...mtty }, patient);
    await using watcher = await watching(provider);

    await kill(first);
    expect(await refusal(provider.listDevices(patient))).toEqual({ code: 'EIO', step: 'connect' });
    await start('emulator-main.ts', socketPath, profile);

    const boot = await watcher.next();
    expect(boot).toEqual({ kind: 'boot', bootID: (await provider.info(patient)).bootID });
    expect(boot).not.toEqual({ kind: 'boot', bootID });
    expect(await watcher.next()).toEqual({ kind: 'sync' });
    expect(await provider.listDevices(patient)).toEqual([]);
    await provider.close();
  });

  it('refuses to start where another one serves, and leaves that one in peace', async () => {
    await start('emulator-main.ts', socketPath, profile);
    const provider = new RemoteProvider({ socketPath, clock: systemClock, log });
    const { bootID } = await provider.info(patient);
    const second = fork(fileURLToPath(new URL('emulator-main.ts', import.meta.url)), [socketPath, profile], { stdio: 'ignore' });
    children.add(second);
    expect(await once(second, 'exit')).toEqual([1, null]);
    expect(await provider.info(patient)).toEqual({ kind: 'emulated', bootID });
    await provider.close();
    const other = new RemoteProvider({ socketPath, clock: systemClock, log });
    expect(await other.info(patient)).toEqual({ kind: 'emulated', bootID });
    await other.close();
  });

  it('ends on SIGTERM within a second though devices are held open and drivers hang, and takes its socket away', async () => {
    const emulator = await start('emulator-main.ts', socketPath, profile);
    const provider = new RemoteProvider({ socketPath, clock: systemClock, log });
    const id = randomUUID();
    await provider.create({ id, ...mtty }, patient);
    const holder = await start('holder-main.ts', socketPath, id);
    const control = new RemoteHostControl({ socketPath, clock: systemClock, log });
    await control.injectFault({ parent: 'mtty', operation: 'create', outcome: 'hang' }, patient);
    const hanging = refusal(provider.create({ id: randomUUID(), ...mtty }, patient));
    while ((await control.state(patient)).hanging === 0);

    const exits = [once(emulator, 'exit'), once(holder, 'exit')];
    const begin = performance.now();
    emulator.kill('SIGTERM');
    expect(await exits[0]).toEqual([0, null]);
    expect(performance.now() - begin).toBeLessThan(1_000);
    expect(await hanging).toEqual({ code: 'EIO', step: 'connect' });
    await exits[1];
    expect(await readdir(folder)).toEqual([]);
    await provider.close();
    control.close();
  });

  it('names the process that holds a device, and lets go when that one is killed', async () => {
    await start('emulator-main.ts', socketPath, profile);
    const provider = new RemoteProvider({ socketPath, clock: systemClock, log });
    const id = randomUUID();
    await provider.create({ id, ...mtty }, patient);
    const holder = await start('holder-main.ts', socketPath, id);
    expect(await provider.users(id, patient)).toEqual({ inUse: true, known: [{ pid: holder.pid, comm: 'holder' }] });
    expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'EBUSY', step: 'claim' });
    await kill(holder);
    while ((await provider.users(id, patient)).inUse);
    await provider.remove(id, patient);
    await provider.close();
  });

  it('answers 64 clients at once, and tells each of them', async () => {
    await start('emulator-main.ts', socketPath, profile);
    const clients = Array.from({ length: 64 }, () => new RemoteProvider({ socketPath, clock: systemClock, log }));
    const watchers = await Promise.all(clients.map(watching));
    const ids = clients.map(() => randomUUID());
    const made = await Promise.allSettled(clients.map((client, index) => client.create({ id: ids[index] ?? '', ...mtty }, patient)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(24);
    const there = ids.filter((_, index) => made[index]?.status === 'fulfilled');
    for (const client of clients) expect((await client.listDevices(patient)).map(({ id }) => id)).toEqual([...there].sort());
    const last = there.at(-1) ?? '';
    await clients[0]?.remove(last, patient);
    await Promise.all(watchers.map((watcher) => watcher.device(last)));
    for (const watcher of watchers) await watcher[Symbol.asyncDispose]();
    for (const client of clients) await client.close();
  });
});
