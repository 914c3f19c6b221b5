import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCondition } from '../../src/api/condition.ts';
import type { MdevDevice } from '../../src/api/mdev-device.ts';
import { mdevParentSchema } from '../../src/api/mdev-parent.ts';
import { parentObjectName } from '../../src/api/parent-name.ts';
import { deviceResource, parentResource } from '../../src/kube/resource.ts';
import { parseProfile } from '../../src/emulator/profile.ts';
import { RunningClock } from '../support/running-clock.ts';
import { TestNode, uuidsOf } from '../agent/harness.ts';
import { Bench, isReady, messageOf } from './harness.ts';

const gvt = '0000:00:02.0';
const small = { type: { id: 'small' } };
const lossManager = 'mdev-controller-node-loss';
const profile = parseProfile(`
parents:
  - name: '${gvt}'
    model: gvt
    memoryMiB: 1024
    types:
      - { id: small, name: small, memoryMiB: 128, resolution: 1024x768 }
`);

const isLost = ({ status }: MdevDevice): boolean => {
  const ready = findCondition(status?.conditions, 'Ready');
  return ready?.status === 'Unknown' && ready.reason === 'NodeLost';
};
const isReleased = ({ metadata }: MdevDevice): boolean =>
  !(metadata['managedFields'] as { manager: string }[]).some(({ manager }) => manager === lossManager);

/** Turns the clock so far that a node whose Lease is not renewed is lost. */
async function outwait(clock: RunningClock): Promise<void> {
  await clock.advance(40_000);
}

describe('when an agent is not heard, the controller', () => {
  let bench: Bench;
  let node: TestNode;
  let clock: RunningClock;

  beforeEach(async () => {
    clock = new RunningClock();
    bench = await Bench.start();
    node = await TestNode.boot(bench.cluster, 'one', profile);
    await node.start();
    await bench.renew('one');
    await bench.startController('one', false, clock);
    await bench.asked('watch', 'leases');
    await bench.create('a', small);
    await bench.device('a', isReady);
  });

  afterEach(async () => {
    await node[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
    clock[Symbol.dispose]();
  });

  it('says so on its devices and parents and in one Event, and gives the word back to the agent when it returns', async () => {
    const before = await bench.device('a', isReady);
    await node.stop();
    await outwait(clock);
    const lost = await bench.device('a', isLost);
    expect(messageOf(lost, 'Ready')).toMatch(/^The agent of node one was last heard at 20\d\d-.*Z; .*out-of-service/);
    expect(lost.status?.allocation).toEqual(before.status?.allocation);
    await node.parent(gvt, ({ status }) => findCondition(status?.conditions, 'Present')?.reason === 'NodeLost');
    expect(await bench.event('NodeLost')).toMatchObject({ involvedObject: { kind: 'Node', name: 'one' } });

    await bench.create('b', small);
    expect(messageOf(await bench.refused('b', 'NodeLost'), 'Allocated')).toContain('is on a node that is lost');

    await node.start();
    const back = await bench.device('a', isReady);
    expect(back.status?.uuid).toBe(before.status?.uuid);
    await bench.renew('one');
    await bench.device('a', isReleased);
    await bench.device('b', isReady);
    await bench.event('NodeReturned');
    const ready = findCondition((await bench.device('a', isReady)).status?.conditions, 'Ready');
    expect(ready?.status).toBe('True');
    const parent = await bench.cluster.client.get(parentResource, { name: parentObjectName('one', gvt) }, AbortSignal.timeout(5_000));
    expect(findCondition(mdevParentSchema.parse(parent).status?.conditions, 'Present')?.status).toBe('True');
    expect(uuidsOf(node.host)).toHaveLength(2);
  });

  it('does not contend with an agent that writes, though its Lease is not renewed', async () => {
    await outwait(clock);
    // The agent lives; it sees what is said of its device and contradicts.
    await bench.device('a', (device) => isReady(device) && !isReleased(device));
    // Finalizer, allocation, loss. A watch may show a write before the writer has its answer, and only then does it count.
    await bench.written(3);
    await clock.advance(60_000);
    await bench.cluster.client.patch(
      deviceResource,
      { namespace: 'default', name: 'a' },
      'merge',
      { metadata: { labels: { x: 'y' } } },
      {},
      AbortSignal.timeout(5_000),
    );
    await clock.advance(60_000);
    expect(bench.writes).toBe(3);
    await bench.renew('one');
    await bench.device('a', isReleased);
    await bench.written(4);
    expect(bench.writes).toBe(4);
  });

  it('says so each time that the node is lost, however often', async () => {
    for (let times = 0; times < 3; times++) {
      await node.stop();
      await outwait(clock);
      await bench.device('a', isLost);
      await node.start();
      await bench.renew('one');
      await bench.device('a', (device) => isReady(device) && isReleased(device));
    }
  });

  it('keeps new devices away after another controller has taken over, which writes nothing that is there', async () => {
    await node.stop();
    await outwait(clock);
    await bench.device('a', isLost);
    await node.parent(gvt, ({ status }) => findCondition(status?.conditions, 'Present')?.reason === 'NodeLost');
    await bench.stopController();
    const { writes } = bench;
    clock[Symbol.dispose]();
    clock = new RunningClock();
    await bench.startController('two', false, clock);
    await bench.create('b', small);
    await bench.refused('b', 'NodeLost');
    await outwait(clock);
    await bench.create('c', small);
    await bench.refused('c', 'NodeLost');
    expect(isLost(await bench.device('a', () => true))).toBe(true);
    await bench.written(writes + 2);
    expect(bench.writes).toBe(writes + 2);
    await bench.renew('one');
    await node.start();
    await bench.device('a', (device) => isReady(device) && isReleased(device));
  });

  it('gives up a deleted device with its node, and not before', async () => {
    await node.stop();
    await bench.delete('a');
    await outwait(clock);
    await bench.device('a', isLost);
    await bench.deleteNode('one');
    await bench.gone('a');
  });

  it('waits with a deleted device of a node whose Node object is gone while the agent lives', async () => {
    const uuid = (await bench.device('a', isReady)).status?.uuid ?? '';
    const held = await node.host.holdOpen(uuid, { pid: 4711, comm: 'qemu' });
    await bench.deleteNode('one');
    await bench.delete('a');
    await bench.device('a', ({ status }) => findCondition(status?.conditions, 'InUse')?.status === 'True');
    expect((await bench.device('a', () => true)).metadata.finalizers).toHaveLength(1);
    await held.release();
    await bench.gone('a');
    expect(uuidsOf(node.host)).toEqual([]);
  });

  it('lets a partitioned agent find its device orphaned when that was given up and made anew elsewhere', async () => {
    const uuid = (await bench.device('a', isReady)).status?.uuid ?? '';
    await node.stop();
    await outwait(clock);
    await bench.device('a', isLost);
    await bench.taint('one', [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }]);
    await bench.delete('a');
    await bench.gone('a');
    await using other = await TestNode.boot(bench.cluster, 'two', profile);
    await other.start();
    await bench.create('a', small);
    const anew = await bench.device('a', isReady);
    expect([anew.status?.uuid, anew.status?.allocation?.nodeName]).toEqual([uuid, 'two']);

    await node.start();
    await bench.renew('one');
    await node.parent(gvt, ({ status }) => status?.devices?.[0]?.orphaned === true && status.devices[0].uuid === uuid);
    expect([uuidsOf(node.host), uuidsOf(other.host)]).toEqual([[uuid], [uuid]]);
    expect(isReady(await bench.device('a', () => true))).toBe(true);
    const orphan = (await node.parent(gvt, () => true)).status?.devices?.[0];
    expect(orphan?.owner?.uid).not.toBe(anew.metadata.uid);
    await other.stop();
  });
});
