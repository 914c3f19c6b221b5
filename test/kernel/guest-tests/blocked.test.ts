import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Device } from '../../../src/provider/contract.ts';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';
import { patient, refusal, watching } from '../../provider/support.ts';
import { holdDevice } from './hold-device.ts';
import { devices, writeByHand } from './sysfs-subject.ts';

const patience = { timeout: 60_000, interval: 200 };
const open: SysfsProvider[] = [];

/** A provider of its own, as of an agent that has just been started. */
function start(): SysfsProvider {
  const provider = new SysfsProvider({ root: '/', clock: systemClock, log: pino({ level: 'silent' }) });
  open.push(provider);
  return provider;
}

afterEach(async () => {
  for (const provider of open.splice(0)) await provider.close();
});

const make = (provider: SysfsProvider, id: string): Promise<Device> => provider.create({ id, parent: 'mtty', typeID: 'mtty-1' }, patient);

it('a device whose holder has closed its group is in use, and the holder is named', async () => {
  const provider = start();
  const id = randomUUID();
  await make(provider, id);
  await using holder = await holdDevice(id, { closeGroup: true });
  expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'EBUSY', step: 'claim' });
  const { inUse, known } = await provider.users(id, patient);
  expect([inUse, known.map(({ pid }) => pid)]).toEqual([true, [holder.pid]]);
  await holder[Symbol.asyncDispose]();
  expect(await provider.users(id, patient)).toEqual({ inUse: false, known: [] });
  await provider.remove(id, patient);
});

describe('a removal that the kernel does not come back from', () => {
  it('by hand: it is removing, whoever looks, and its holder is named', async () => {
    const provider = start();
    const id = randomUUID();
    await make(provider, id);
    const holder = await holdDevice(id);
    const removal = writeByHand(`${devices}/${id}/remove`, '1');
    await expect.poll(async () => (await start().getDevice(id, patient))?.state, patience).toBe('removing');
    expect(await provider.getDevice(id, patient)).toMatchObject({ parent: 'mtty', state: 'removing' });
    expect((await provider.users(id, patient)).known.map(({ pid }) => pid)).toEqual([holder.pid]);
    expect(await refusal(make(provider, id))).toEqual({ code: 'EEXIST', step: 'create' });
    expect(await refusal(provider.remove(id, patient))).toEqual({ code: 'ENOENT', step: 'remove' });
    // All else goes on.
    const other = randomUUID();
    await make(provider, other);
    await provider.remove(other, patient);
    await using watcher = await watching(provider);
    await holder[Symbol.asyncDispose]();
    await watcher.device(id);
    await removal;
    await expect.poll(() => provider.getDevice(id, patient), patience).toBeUndefined();
  });
});

it('a group that is gone says nothing of the next one of its number', async () => {
  const provider = start();
  const [first, second] = [randomUUID(), randomUUID()];
  const { group, groupPath } = await make(provider, first);
  const stale = spawn('sh', ['-c', 'exec 3<>"$1"; echo open; read line', 'sh', groupPath ?? ''], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(stale.stdout, 'data');
  expect((await provider.users(first, patient)).known.map(({ pid }) => pid)).toEqual([stale.pid]);
  expect(await refusal(provider.remove(first, patient))).toEqual({ code: 'EBUSY', step: 'claim' });
  await writeByHand(`${devices}/${first}/remove`, '1');
  expect(existsSync(groupPath ?? '')).toBe(false);
  const next = await make(provider, second);
  expect(next.group).toBe(group);
  expect(await provider.users(second, patient)).toEqual({ inUse: false, known: [] });
  await provider.remove(second, patient);
  stale.stdin.end();
  await once(stale, 'exit');
});
