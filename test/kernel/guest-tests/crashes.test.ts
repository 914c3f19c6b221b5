import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordsDirectory } from '../../../src/agent/admin.ts';
import { findCondition } from '../../../src/api/condition.ts';
import type { MdevDevice } from '../../../src/api/mdev-device.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { SysfsProvider } from '../../../src/provider/sysfs/provider.ts';
import { AgentNode } from '../../agent/agent-node.ts';
import type { Cluster } from '../../agent/cluster.ts';
import { startCluster } from '../../agent/start-cluster.ts';
import { testLogger } from '../../agent/test-logger.ts';
import type { Death, DeathPoint } from './death-points.ts';
import { deathOf, MortalAgent, orphanedWriters, release } from './mortal-agent.ts';

import { createFile, devices, writeByHand } from './sysfs-subject.ts';

const patience = { timeout: 90_000, interval: 100 };
const slow = 900_000;

interface Planned {
  readonly name: string;
  readonly uuid: string;
  readonly parent: string;
  readonly type: string;
}
/** An agent changes four devices of a parent at a time, and some never end: so no parent gets more than four, nor than it has room for. */
const places = [
  { parent: 'mtty', type: 'mtty-1', others: 'mtty-2' },
  { parent: 'mdpy', type: 'mdpy-vga', others: 'mdpy-hd' },
  { parent: 'mbochs', type: 'mbochs-small', others: 'mbochs-large' },
  { parent: 'mfault', type: 'mfault-small', others: 'mfault-large' },
] as const;
const planned = (name: string, place: 0 | 1 | 2 | 3): Planned => ({ name, uuid: randomUUID(), ...places[place] });

/** The steps of making a device, and of removing one. */
const steps: readonly [when: string, device: Planned, die: DeathPoint][] = [
  ['before it notes what it is about to do', planned('before-note', 0), { in: 'record', at: 'before', call: 1 }],
  ['when it has noted that', planned('after-note', 1), { in: 'record', at: 'after', call: 1 }],
  ['before it asks for it', planned('before-call', 2), { in: 'provider', at: 'before' }],
  ['when the writer was told', planned('told', 0), { in: 'writer', at: 'told' }],
  ['when the writer has the group, if there is one', planned('claimed', 2), { in: 'writer', at: 'claimed' }],
  ['when the writer has opened the file', planned('opened', 1), { in: 'writer', at: 'opened' }],
  ['when it is done, and nobody has heard of it', planned('written', 0), { in: 'writer', at: 'written' }],
  ['when it has heard that it is done', planned('after-call', 1), { in: 'provider', at: 'after' }],
  ['when it has noted that it is done', planned('after-last-note', 2), { in: 'record', at: 'after', call: 2 }],
  ['before it writes that into the object', planned('before-object', 3), { in: 'api', at: 'before' }],
  ['after it wrote that into the object', planned('after-object', 3), { in: 'api', at: 'after' }],
];
/** Their writers are held, at the latest step that matters and at the first. */
const held = planned('held', 0);
const unwanted = planned('unwanted', 1);
const late = planned('late', 2);

let cluster: Cluster;
let node: AgentNode;
let provider: SysfsProvider | undefined;
/** Started before it is needed. */
const agents: MortalAgent[] = [];
const deaths = new Map<Planned, Death>();
const foreign: string[] = [];

beforeAll(async () => {
  agents.push(MortalAgent.load());
  cluster = await startCluster();
  const dataDir = await mkdtemp(join(tmpdir(), 'agent-node-'));
  node = new AgentNode({ cluster, name: 'crash', dataDir, patience: 90_000, recheckInterval: 5_000 });
  for (const { parent, others } of [places[0], places[2]]) {
    const uuid = randomUUID();
    await writeByHand(createFile(parent, others), uuid);
    foreign.push(uuid);
  }
}, slow);
afterAll(async () => {
  await stop();
  for (const agent of agents) await agent[Symbol.asyncDispose]();
  for (const death of deaths.values()) release(death);
  await node[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  for (const id of onBus()) await writeByHand(`${devices}/${id}/remove`, '1');
}, slow);

const onBus = (): string[] => readdirSync(devices).sort();
const apply = ({ name, uuid, parent, type }: Planned): Promise<MdevDevice> => node.create({ name, parent, type, spec: { uuid } });
const whyNot = ({ status }: MdevDevice): string => findCondition(status?.conditions, 'Created')?.message ?? '';

/** An agent begins, and is killed when each of these is at its point. */
async function kill(points: readonly (readonly [Planned, DeathPoint])[]): Promise<void> {
  const agent = agents.pop() ?? MortalAgent.load();
  for (const [device, die] of points) deaths.set(device, deathOf({ ...device, die }));
  const all = points.flatMap(([device]) => deaths.get(device) ?? []);
  await agent.die({ kubeconfig: cluster.kubeconfig, nodeName: node.name, dataDir: node.dataDir, deaths: all });
}
function letGo(device: Planned): void {
  const death = deaths.get(device);
  if (death !== undefined) release(death);
}
async function startAgain(): Promise<void> {
  provider = new SysfsProvider({ root: '/', clock: systemClock, log: testLogger() });
  await node.startOn(provider);
}
async function stop(): Promise<void> {
  await node.stop();
  await provider?.close();
  provider = undefined;
}

async function expectMade({ name, uuid, type }: Planned): Promise<void> {
  await node.ready(name, 'Ready');
  expect(basename(readlinkSync(`${devices}/${uuid}/mdev_type`))).toBe(type);
}
async function expectGone({ name, uuid }: Planned): Promise<void> {
  await node.gone(name);
  expect(onBus()).not.toContain(uuid);
}

/** These devices and the foreign ones are all that there is, the operator counts what the kernel counts, and no writer is left. */
async function expectOnly(ours: readonly Planned[]): Promise<void> {
  await expect.poll(orphanedWriters, patience).toEqual([]);
  const uuids = ours.map(({ uuid }) => uuid);
  expect(onBus()).toEqual([...foreign, ...uuids].sort());
  const records = (await readdir(recordsDirectory(node.dataDir))).filter((file) => file.endsWith('.json'));
  expect(records.sort()).toEqual(uuids.map((uuid) => `${uuid}.json`).sort());
  for (const { parent } of places) {
    const folder = `/sys/class/mdev_bus/${parent}/mdev_supported_types`;
    const left = (type: string): string => readFileSync(`${folder}/${type}/available_instances`, 'utf8').trim();
    const line = readdirSync(folder)
      .sort()
      .map((type) => `${type}=${left(type)}`);
    await node.remaining(parent, line.join(' '));
  }
}

describe('an agent that is killed with devices at all steps of making one', () => {
  beforeAll(async () => {
    for (const device of [...steps.map(([, each]) => each), held, unwanted, late]) await apply(device);
    await kill([
      ...steps.map(([, device, die]) => [device, die] as const),
      [held, { in: 'writer', at: 'opened', held: true }],
      [unwanted, { in: 'writer', at: 'opened', held: true }],
      [late, { in: 'writer', at: 'told', held: true }],
    ]);
    await node.delete(unwanted.name);
    await node.delete(late.name);
    // For the next time.
    agents.push(MortalAgent.load());
    await startAgain();
  }, slow);

  it.each(steps)('%s: it makes one when it comes back', (_, device) => expectMade(device));

  it('waits for the writer of the dead one, and says so', async () => {
    expect(whyNot(await node.ready(held.name, 'KernelBlocked'))).toContain(
      'The kernel has not finished creating the device on parent mtty',
    );
    expect(onBus()).not.toContain(held.uuid);
    letGo(held);
    await expectMade(held);
  });

  it('waits for the writer of the dead one when the object is deleted, and removes what it made', async () => {
    const waiting = await node.device(unwanted.name, (device) => whyNot(device).includes('still creating'));
    expect(whyNot(waiting)).toContain('it is removed as soon as that has ended');
    letGo(unwanted);
    await expectGone(unwanted);
  });

  it('has nothing made by a writer of the dead one that had not begun', async () => {
    await expectGone(late);
    expect(orphanedWriters()).toContain('mdev-writer');
    letGo(late);
  });

  it('has made each device once, and nothing else', () => expectOnly([...steps.map(([, device]) => device), held]));
});

describe('an agent that is killed with devices at all steps of removing one', () => {
  beforeAll(async () => {
    await apply(late);
    await expectMade(late);
    await stop();
    for (const { name } of [...steps.map(([, device]) => device), held, late]) await node.delete(name);
    await kill([
      ...steps.map(([, device, die]) => [device, die] as const),
      [held, { in: 'writer', at: 'claimed', held: true }],
      [late, { in: 'writer', at: 'told', held: true }],
    ]);
    await startAgain();
  }, slow);

  it.each(steps)('%s: it has removed it when it comes back', (_, device) => expectGone(device));

  it('waits for the writer of the dead one that is between claim and removal, and says so', async () => {
    const waiting = await node.device(held.name, (device) => whyNot(device).includes('has not returned'));
    expect(whyNot(waiting)).toContain('The removal of the device on parent mtty');
    expect(onBus()).toContain(held.uuid);
    letGo(held);
    await expectGone(held);
  });

  it('has nothing removed by a writer of the dead one that had not begun', async () => {
    await expectGone(late);
    // Of the same UUID, and perhaps of the same group.
    await apply(late);
    await expectMade(late);
    expect(orphanedWriters()).toContain('mdev-writer');
    letGo(late);
    await expect.poll(orphanedWriters, patience).toEqual([]);
    await expectMade(late);
  });

  it('has removed each device, and nothing else', () => expectOnly([late]));
});
