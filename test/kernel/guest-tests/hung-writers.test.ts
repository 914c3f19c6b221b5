import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { programBeside } from '../../../src/lib/program-beside.ts';
import type { Device } from '../../../src/provider/contract.ts';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';
import { patient, refusal, watching, type Watcher } from '../../provider/support.ts';
import { ForwardClock } from './forward-clock.ts';
import { healAll, setOutcome, type Operation } from './mfault.ts';
import { devices, writeByHand } from './sysfs-subject.ts';
import { hangingWriter, writersOf } from './writers.ts';

const patience = { timeout: 60_000, interval: 100 };
/** Longer than anything takes here that does not hang, ms. */
const deadline = 50_000;
const open: SysfsProvider[] = [];

/** A provider of its own, as of an agent that has just been started. */
function start(clock = new ForwardClock()): SysfsProvider {
  const provider = new SysfsProvider({ root: '/', clock, log: pino({ level: 'silent' }), deadline });
  open.push(provider);
  return provider;
}

afterEach(async () => {
  healAll();
  for (const provider of open.splice(0)) await provider.close();
  for (const id of readdirSync(devices)) await writeByHand(`${devices}/${id}/remove`, '1');
});

const make = (provider: SysfsProvider, id: string, parent = 'mfault', typeID = 'mfault-small'): Promise<Device> =>
  provider.create({ id, parent, typeID }, patient);
const levelOf = async (provider: SysfsProvider, id: string): Promise<string | undefined> =>
  (await provider.readAttributes(id, patient)).find(({ name }) => name === 'vendor/level')?.value;

const operations: Record<Operation, { order: (provider: SysfsProvider, id: string) => Promise<unknown>; state: Device['state'] }> = {
  create: { order: make, state: 'creating' },
  attribute: { order: (provider, id) => provider.setAttribute(id, 'vendor/level', '42', patient), state: 'live' },
  remove: { order: (provider, id) => provider.remove(id, patient), state: 'removing' },
};
const kinds = Object.keys(operations) as Operation[];

/** What is to be seen of a device once the driver has let go, whoever looks. */
async function expectOutcome(kind: Operation, provider: SysfsProvider, id: string): Promise<void> {
  await expect.poll(() => writersOf(id), patience).toEqual([]);
  const device = await provider.getDevice(id, patient);
  if (kind === 'remove') expect(device).toBeUndefined();
  else {
    expect(device).toMatchObject({ id, parent: 'mfault', typeID: 'mfault-small', state: 'live' });
    expect(device).not.toHaveProperty('blockedSince');
    expect(await levelOf(provider, id)).toBe(kind === 'attribute' ? '42' : '0');
  }
}

/** A watcher that only looks when it is told to comes to see the device unblocked. */
async function followToTheEnd(watcher: Watcher, provider: SysfsProvider, id: string): Promise<void> {
  do await watcher.device(id);
  while ((await provider.getDevice(id, patient))?.blockedSince !== undefined);
}

describe('a driver that hangs', () => {
  it.each(kinds)('in %s: it is told, all else goes on, nobody signals the writer, and the end is announced', async (kind) => {
    const { order, state } = operations[kind];
    const clock = new ForwardClock();
    const provider = start(clock);
    const [id, sibling, third] = [randomUUID(), randomUUID(), randomUUID()];
    await make(provider, sibling);
    if (kind !== 'create') await make(provider, id);
    setOutcome(kind, 'hang');
    const before = clock.now();
    const refused = refusal(order(provider, id));
    const { pid } = await hangingWriter(id, kind);
    expect((await provider.getDevice(id, patient))?.blockedSince).toBeUndefined();
    clock.forward(deadline);
    expect(await refused).toEqual({ code: 'ETIMEDOUT', step: kind });
    const blocked = await provider.getDevice(id, patient);
    expect(blocked).toMatchObject({ id, parent: 'mfault', state });
    const since = Date.parse(blocked?.blockedSince ?? '');
    expect(since).toBeGreaterThanOrEqual(before);
    expect(since).toBeLessThanOrEqual(clock.now() - deadline);

    // The next agent sees the same.
    const next = start();
    expect(await next.getDevice(id, patient)).toEqual(blocked);
    expect((await next.listDevices(patient)).map((device) => device.id)).toEqual([id, sibling].sort());

    // That its own writer has claimed the group is no use of the device.
    if (kind !== 'create') for (const each of [provider, next]) expect(await each.users(id, patient)).toEqual({ inUse: false, known: [] });

    // Reading, other parents, and other devices of the parent.
    expect(await provider.getParent('mfault', patient)).toMatchObject({ name: 'mfault', leaving: false });
    const elsewhere = randomUUID();
    await make(provider, elsewhere, 'mtty', 'mtty-1');
    await provider.remove(elsewhere, patient);
    expect(await levelOf(provider, sibling)).toBe('0');
    if (kind !== 'attribute') await provider.setAttribute(sibling, 'vendor/level', '7', patient);
    if (kind !== 'create') await make(provider, third);
    if (kind !== 'remove') await provider.remove(sibling, patient);

    await using watcher = await watching(provider);
    await using nextWatcher = await watching(next);
    expect(writersOf(id)).toEqual([{ pid, kind, state: 'D', pending: '0' }]);
    setOutcome(kind, 'done');
    await followToTheEnd(watcher, provider, id);
    await followToTheEnd(nextWatcher, next, id);
    await expectOutcome(kind, provider, id);
    await expectOutcome(kind, next, id);
  });

  it('and then fails: nothing is left of the device, and that is announced', async () => {
    const clock = new ForwardClock();
    const provider = start(clock);
    const id = randomUUID();
    setOutcome('create', 'hang');
    const refused = refusal(make(provider, id));
    await hangingWriter(id, 'create');
    clock.forward(deadline);
    expect(await refused).toEqual({ code: 'ETIMEDOUT', step: 'create' });
    const next = start();
    expect((await next.getDevice(id, patient))?.blockedSince).toBeDefined();
    await using watcher = await watching(provider);
    await using nextWatcher = await watching(next);
    setOutcome('create', 'EIO');
    await followToTheEnd(watcher, provider, id);
    await followToTheEnd(nextWatcher, next, id);
    for (const each of [provider, next]) {
      expect(await each.getDevice(id, patient)).toBeUndefined();
      expect(await each.listDevices(patient)).toEqual([]);
    }
    setOutcome('create', 'done');
    expect(await make(next, id)).toMatchObject({ id, state: 'live' });
  });

  it('outlives the agent that is killed: the next one knows what hangs, and is told when it ends', { timeout: 300_000 }, async () => {
    const first = start();
    const ids: Record<Operation, string> = { create: randomUUID(), attribute: randomUUID(), remove: randomUUID() };
    await make(first, ids.attribute);
    await make(first, ids.remove);
    for (const kind of kinds) setOutcome(kind, 'hang');
    const main = programBeside(import.meta.url, 'agent-main').pathname;
    const agent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...kinds.map((kind) => `${kind} ${ids[kind]}`)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    onTestFinished(() => void agent.kill('SIGKILL'));
    const writers = await Promise.all(kinds.map((kind) => hangingWriter(ids[kind], kind)));
    agent.kill('SIGKILL');
    await once(agent, 'exit');

    const next = start();
    await using watcher = await watching(next);
    for (const [index, kind] of kinds.entries()) {
      const device = await next.getDevice(ids[kind], patient);
      expect(device).toMatchObject({ parent: 'mfault', state: operations[kind].state });
      expect(device?.blockedSince).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(writersOf(ids[kind])).toEqual([{ ...writers[index], pending: '0' }]);
    }
    expect(await next.listDevices(patient)).toHaveLength(3);
    expect(await refusal(make(next, ids.create))).toEqual({ code: 'EEXIST', step: 'create' });
    expect(await refusal(next.remove(ids.create, patient))).toEqual({ code: 'EAGAIN', step: 'remove' });

    for (const kind of kinds) {
      setOutcome(kind, 'done');
      await followToTheEnd(watcher, next, ids[kind]);
      await expectOutcome(kind, next, ids[kind]);
    }
    expect((await next.getParent('mfault', patient)).types.map(({ instances }) => instances)).toEqual([0, 2]);
  });
});
