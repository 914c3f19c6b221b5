import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { findCondition } from '../../../src/api/condition.ts';
import { mdevDeviceSchema } from '../../../src/api/mdev-device.ts';
import { mdevParentSchema, type MdevParent } from '../../../src/api/mdev-parent.ts';
import { HttpClient } from '../../../src/kube/http-client.ts';
import { leaseSchema } from '../../../src/kube/lease.ts';
import { deviceResource, leaseResource, parentResource } from '../../../src/kube/resource.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { patient } from '../../provider/support.ts';
import { kubectlOk } from '../../support/kubectl.ts';
import { startOperator, type Operator } from '../../support/operator.ts';
import { holdDevice } from './hold-device.ts';
import { createFile, devices, writeByHand } from './sysfs-subject.ts';

const execute = promisify(execFile);
const patience = { timeout: 240_000, interval: 250 };
const slow = { timeout: 900_000 };
const kubectlPatience = { timeout: 90_000 };

let operator: Operator;
let client: HttpClient;

beforeAll(async () => {
  operator = await startOperator(['--provider', 'sysfs']);
  connect();
}, 900_000);
afterAll(async () => {
  await client.close();
  await operator[Symbol.asyncDispose]();
  for (const id of onBus()) await writeByHand(`${devices}/${id}/remove`, '1');
});

/** Whatever a test has made can be taken away again, and nothing is left then. */
afterEach(async () => {
  await kubectlOk(operator.kubeconfig, ['delete', 'mdev', '--all', '--wait=false'], kubectlPatience);
  await expect.poll(async () => [...(await objects()).keys()], patience).toEqual([]);
  const left = onBus();
  for (const id of left) await writeByHand(`${devices}/${id}/remove`, '1');
  expect(left).toEqual([]);
  for (const name of ['mbochs', 'mdpy', 'mtty']) await expect.poll(() => told(name), patience).toEqual(counted(name));
}, 600_000);

/** Starting a kubectl for each look would take longer than all else. */
function connect(): void {
  const config = new KubeConfig();
  config.loadFromFile(operator.kubeconfig);
  client = new HttpClient({ config, clock: systemClock, userAgent: 'mdev-operator-test' });
}

interface Wanted {
  readonly type: string;
  readonly uuid?: string;
}
const objectOf = (name: string, { type, uuid }: Wanted): object => ({
  apiVersion: 'mediated.dev/v1alpha1',
  kind: 'MdevDevice',
  metadata: { name, namespace: 'default' },
  spec: { type: { id: type }, ...(uuid !== undefined && { uuid }) },
});
async function apply(wanted: Readonly<Record<string, Wanted>>): Promise<void> {
  const items = Object.entries(wanted).map(([name, each]) => objectOf(name, each));
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectlOk(operator.kubeconfig, ['apply', '-f', '-'], { ...kubectlPatience, input });
}
async function remove(...names: string[]): Promise<void> {
  await kubectlOk(operator.kubeconfig, ['delete', 'mdev', ...names, '--wait=false', '--ignore-not-found'], kubectlPatience);
}

/** All objects by name, each with its UUID and condition Ready in words; without any, the operator has nothing. */
async function objects(): Promise<Map<string, { readonly uuid: string | undefined; readonly ready: string }>> {
  const { items } = await client.list(deviceResource, {}, patient);
  return new Map(
    items.map((item) => {
      const { metadata, status } = mdevDeviceSchema.parse(item);
      const { reason = '', message = '' } = findCondition(status?.conditions, 'Ready') ?? {};
      return [metadata.name, { uuid: status?.uuid, ready: `${reason}: ${message}` }];
    }),
  );
}
const ready = async (name: string): Promise<string> => (await objects()).get(name)?.ready ?? 'no such object';
const isReady = (name: string): Promise<void> => expect.poll(() => ready(name), patience).toMatch(/^Ready: /);

async function parent(name: string): Promise<MdevParent | undefined> {
  const { items } = await client.list(parentResource, {}, patient);
  return items.map((item) => mdevParentSchema.parse(item)).find(({ spec }) => spec.parent === name);
}
/** How many devices a parent has, and how many more of each type it takes. */
interface Counts {
  readonly made: number;
  readonly left: readonly string[];
}
/** As the operator says. */
async function told(name: string): Promise<Counts> {
  const status = (await parent(name))?.status;
  const left = status?.supportedTypes?.map(({ id, availableInstances }) => `${id}=${availableInstances}`) ?? [];
  return { made: status?.devices?.length ?? 0, left };
}
/** As the kernel says. */
function counted(name: string): Counts {
  const folder = `/sys/class/mdev_bus/${name}/mdev_supported_types`;
  const types = readdirSync(folder).sort();
  const made = types.flatMap((type) => readdirSync(`${folder}/${type}/devices`));
  const left = types.map((type) => `${type}=${readFileSync(`${folder}/${type}/available_instances`, 'utf8').trim()}`);
  return { made: made.length, left };
}

const onBus = (): string[] => readdirSync(devices).sort();
const typeOf = (uuid: string): string => basename(readlinkSync(`${devices}/${uuid}/mdev_type`));

it('lets devices wait that a parent has no room for, says so, and makes them when there is', slow, async () => {
  const types = { vga: ['mdpy-vga', 'mdpy'], large: ['mbochs-large', 'mbochs'] } as const;
  const names = Object.keys(types).flatMap((kind) => [0, 1, 2, 3, 4].map((number) => `${kind}-${number}`));
  const typeIn = (name: string): string => types[name.startsWith('vga') ? 'vga' : 'large'][0];
  await apply(Object.fromEntries(names.map((name) => [name, { type: typeIn(name) }])));
  const waiting = async (): Promise<string[]> =>
    [...(await objects())].flatMap(([name, each]) => (/^Ready: /.test(each.ready) ? [] : name));
  await expect.poll(async () => (await waiting()).length, patience).toBe(2);
  const left = await waiting();
  expect(left.map(typeIn).sort()).toEqual(['mbochs-large', 'mdpy-vga']);
  for (const name of left) {
    await expect.poll(() => ready(name), patience).toMatch(/^NoCapacity: .*no .*left.* is (placed|made) (when|as soon as) /);
  }
  for (const [, name] of Object.values(types)) {
    await expect.poll(() => told(name), patience).toEqual(counted(name));
    expect(counted(name).made).toBe(4);
  }
  const [first, second] = left.map((name) => names.find((other) => other !== name && typeIn(other) === typeIn(name)) ?? '');
  await remove(first ?? '', second ?? '');
  for (const name of left) await isReady(name);
  expect(onBus()).toHaveLength(8);
});

it('gives a UUID to one only, and leaves devices alone that have it already', slow, async () => {
  const [uuid, taken, takenByOther] = [randomUUID(), randomUUID(), randomUUID()];
  await writeByHand(createFile('mtty', 'mtty-1'), taken);
  await writeByHand(createFile('mtty', 'mtty-2'), takenByOther);
  await apply({ older: { type: 'mtty-1', uuid } });
  await isReady('older');
  await apply({
    younger: { type: 'mtty-1', uuid },
    'same-type': { type: 'mtty-1', uuid: taken },
    'other-type': { type: 'mtty-1', uuid: takenByOther },
  });
  await expect.poll(() => ready('younger'), patience).toMatch(/^UUIDConflict: .*default\/older.*/);
  const advice = 'it is left alone. Remove it by hand, give another spec.uuid, or adopt it.';
  await expect.poll(() => ready('same-type'), patience).toMatch(/^ForeignDevice: /);
  expect(await ready('same-type')).toContain(`A device ${taken} of type mtty-1 exists on mtty`);
  await expect.poll(() => ready('other-type'), patience).toMatch(/^ForeignDevice: /);
  expect(await ready('other-type')).toContain(`A device ${takenByOther} of type mtty-2 exists on mtty`);
  expect(await ready('other-type')).toContain(advice);
  expect([uuid, taken, takenByOther].map(typeOf)).toEqual(['mtty-1', 'mtty-1', 'mtty-2']);
  expect(onBus()).toHaveLength(3);

  await writeByHand(`${devices}/${taken}/remove`, '1');
  await writeByHand(`${devices}/${takenByOther}/remove`, '1');
  await remove('older');
  for (const name of ['younger', 'same-type', 'other-type']) await isReady(name);
  expect([uuid, taken, takenByOther].map(typeOf)).toEqual(['mtty-1', 'mtty-1', 'mtty-1']);
});

it('says that a parent is gone while its driver is not loaded, and makes its devices again under their UUIDs', slow, async () => {
  await apply({ 'vga-0': { type: 'mdpy-vga' }, 'hd-0': { type: 'mdpy-hd' } });
  await isReady('vga-0');
  await isReady('hd-0');
  const before = onBus();
  await execute('rmmod', ['mdpy']);
  for (const name of ['vga-0', 'hd-0'])
    await expect
      .poll(() => ready(name), patience)
      .toBe('ParentAbsent: Parent mdpy is not on this node: load its driver, or delete the object.');
  const presence = async (): Promise<string> => findCondition((await parent('mdpy'))?.status?.conditions, 'Present')?.message ?? '';
  await expect.poll(presence, patience).toBe('The parent is not registered on the node: load its driver, or delete this object.');
  expect(await told('mdpy')).toEqual({ made: 0, left: ['mdpy-hd=0', 'mdpy-vga=0', 'mdpy-xga=0'] });
  await execute('modprobe', ['mdpy']);
  await isReady('vga-0');
  await isReady('hd-0');
  expect(onBus()).toEqual(before);
  await expect.poll(() => told('mdpy'), patience).toEqual(counted('mdpy'));
});

it('comes to one end when objects are applied and deleted at once', slow, async () => {
  const names = Array.from({ length: 6 }, (_, number) => `race-${number}`);
  // With kubectl, whose requests come as they come; then as close together as can be, and further and further apart.
  await Promise.all([apply(Object.fromEntries(names.map((name) => [name, { type: 'mtty-1' }]))), remove(...names)]);
  const key = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });
  const direct = names.map((name) => `direct-${name}`);
  for (const [number, name] of direct.entries()) {
    await client.create(deviceResource, objectOf(name, { type: 'mtty-1' }), { namespace: 'default' }, patient);
    const seen = await client.list(deviceResource, {}, patient);
    expect(seen.items.length).toBeGreaterThan(0);
    for (let looks = 0; looks < number * 3; looks++) await objects();
    await client.delete(deviceResource, key(name), {}, patient);
  }
  const agree = async (): Promise<boolean> => {
    const there = [...(await objects())];
    const settled = there.every(([name, each]) => name.startsWith('race-') && /^Ready: /.test(each.ready));
    return settled && isDeepStrictEqual(there.map(([, { uuid }]) => uuid).sort(), onBus());
  };
  await expect.poll(agree, patience).toBe(true);
  await expect.poll(() => told('mtty'), patience).toEqual(counted('mtty'));
});

it(
  'leaves a device alone that mdevctl has started under the UUID of ours with another type, says so, and has ours back after it',
  slow,
  async () => {
    const uuid = randomUUID();
    await apply({ mine: { type: 'mtty-1', uuid } });
    await isReady('mine');
    // Or it would be faster.
    operator.freeze();
    await writeByHand(`${devices}/${uuid}/remove`, '1');
    await execute('mdevctl', ['start', '--uuid', uuid, '--parent', 'mtty', '--type', 'mtty-2']);
    operator.thaw();
    await expect.poll(() => ready('mine'), patience).toMatch(/^ForeignDevice: /);
    expect(await ready('mine')).toContain(
      `A device ${uuid} of type mtty-2 exists on mtty that was not made for this object; it is left alone.`,
    );
    await expect.poll(() => told('mtty'), patience).toEqual(counted('mtty'));
    expect(typeOf(uuid)).toBe('mtty-2');
    await execute('mdevctl', ['stop', '--uuid', uuid]);
    await isReady('mine');
    expect(typeOf(uuid)).toBe('mtty-1');
  },
);

it('misses no heartbeat while a removal by hand hangs in the kernel, and is started anew meanwhile', slow, async () => {
  await apply({ stuck: { type: 'mtty-1' } });
  await isReady('stuck');
  const uuid = (await objects()).get('stuck')?.uuid ?? '';
  const holder = await holdDevice(uuid);
  const removal = spawn('sh', ['-c', 'printf 1 > "$1"', 'sh', `${devices}/${uuid}/remove`], { stdio: 'ignore' });
  const removed = new Promise((resolve) => removal.once('exit', resolve));
  await expect.poll(() => existsSync(`${devices}/${uuid}`), patience).toBe(false);
  const state = (): string | undefined => /^State:\t(\S)/m.exec(readFileSync(`/proc/${removal.pid}/status`, 'utf8'))?.[1];
  await expect.poll(state, patience).toBe('S');
  // From now on nothing ends it, but the holder's letting go.
  removal.kill('SIGTERM');
  await expect.poll(state, patience).toBe('D');
  await expect.poll(() => ready('stuck'), patience).toContain('Somebody removes the device by hand');

  await expectBeats(2);
  await apply({ beside: { type: 'mtty-1' } });
  await isReady('beside');
  await client.close();
  await operator.killAndRestart();
  connect();
  await expect.poll(() => ready('stuck'), patience).toContain('Somebody removes the device by hand');
  await expectBeats(1);
  expect(state()).toBe('D');

  await holder[Symbol.asyncDispose]();
  await removed;
  await isReady('stuck');
  expect(existsSync(`${devices}/${uuid}`)).toBe(true);
});

/** The node's Lease, which is renewed every 10 s, is renewed that often without a beat left out. */
async function expectBeats(count: number): Promise<void> {
  const beats: number[] = [];
  const look = async (): Promise<number> => {
    const lease = leaseSchema.parse(await client.get(leaseResource, { namespace: 'kube-node-lease', name: 'mdev-node-1' }, patient));
    const beat = Date.parse(lease.spec.renewTime ?? '');
    if (beat !== beats.at(-1)) beats.push(beat);
    return beats.length;
  };
  await expect.poll(look, patience).toBeGreaterThan(count);
  const gaps = beats.slice(1).map((beat, index) => beat - (beats[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(20_000);
}

// The last one: only loading the driver again mends what it breaks.
it('says of a device that the kernel can no longer remove what to do about it, and that is what helps', slow, async () => {
  const uuid = randomUUID();
  const lost = (): boolean => existsSync(`${devices}/${uuid}`) && !existsSync(`${devices}/${uuid}/remove`);
  // Who removes a device before its creation is over gets EAGAIN, and takes the file `remove` away. It is a matter of when.
  const spinner = spawn('sh', ['-c', 'while :; do printf 1 >"$1"; done', 'sh', `${devices}/${uuid}/remove`], { stdio: 'ignore' });
  await apply({ odd: { type: 'mtty-1', uuid }, beside: { type: 'mtty-2' } });
  await expect.poll(lost, { timeout: 400_000, interval: 20 }).toBe(true);
  spinner.kill('SIGKILL');
  await isReady('odd');
  await remove('odd');
  await expect
    .poll(() => ready('odd'), patience)
    .toMatch(/^Deleting: .*no way to remove the device any more: reload the parent's driver\./);
  const created = async (): Promise<string> => {
    const odd = mdevDeviceSchema.parse(await client.get(deviceResource, { namespace: 'default', name: 'odd' }, patient));
    return findCondition(odd.status?.conditions, 'Created')?.reason ?? '';
  };
  expect(await created()).toBe('Unremovable');
  expect(lost()).toBe(true);
  await execute('rmmod', ['mtty']);
  await execute('modprobe', ['mtty']);
  await expect.poll(async () => (await objects()).has('odd'), patience).toBe(false);
  await isReady('beside');
  expect(onBus()).toEqual([(await objects()).get('beside')?.uuid]);
});
