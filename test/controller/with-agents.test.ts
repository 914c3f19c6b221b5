import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parentObjectName } from '../../src/api/parent-name.ts';
import { parseProfile } from '../../src/emulator/profile.ts';
import { countingClient } from '../agent/counting-client.ts';
import { type TestNode, uuidsOf } from '../agent/harness.ts';
import { type Bench, isReady, startTwoNodes, type TwoNodes } from './harness.ts';

const gvt = '0000:00:02.0';
const small = { type: { name: 'GVTg_V5_8' } };
const middle = { type: { name: 'GVTg_V5_4' } };
const big = { type: { name: 'GVTg_V5_2' } };
const bigID = 'i915-GVTg_V5_2';
const uuid = '12345678-1234-1234-1234-123456789abc';

const profile = parseProfile(`
parents:
  - name: '${gvt}'
    model: gvt
    memoryMiB: 1024
    types:
      - { id: i915-GVTg_V5_8, name: GVTg_V5_8, memoryMiB: 128, resolution: 1024x768 }
      - { id: i915-GVTg_V5_4, name: GVTg_V5_4, memoryMiB: 256, resolution: 1920x1200 }
      - { id: ${bigID}, name: GVTg_V5_2, memoryMiB: 512, resolution: 1920x1200 }
`);

describe('controller and agents together', () => {
  let nodes: TwoNodes;
  let bench: Bench;
  let one: TestNode;
  let two: TestNode;

  beforeEach(async () => {
    nodes = await startTwoNodes(profile);
    ({ bench, one, two } = nodes);
  });

  afterEach(async () => {
    await nodes[Symbol.asyncDispose]();
  });

  it('make every device Ready that fits, fill one parent before the next, and place the rest as others go', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await bench.create(name, big);
    await bench.all(names, isReady);
    expect([uuidsOf(one.host).length, uuidsOf(two.host).length]).toEqual([2, 2]);
    await bench.create('e', small);
    await bench.refused('e', 'NoCapacity');
    await bench.delete('b');
    await bench.device('e', isReady);
    expect(uuidsOf(one.host)).toHaveLength(2);
    await one.remaining(gvt, `i915-GVTg_V5_8=3 i915-GVTg_V5_4=1 ${bigID}=0`);
  });

  it('give each device four writes from apply to Ready, the creation included', async () => {
    await one.stop();
    const counting = countingClient(bench.cluster.client);
    await one.start(one.provider(), counting.client);
    // Not quite as many as fit: a parent's counts are read after its devices, so the last place may look taken for a moment,
    // and the device that waits for it costs one write more.
    const names = Array.from({ length: 6 }, (_, index) => `d${index}`);
    for (const name of names) await bench.create(name, { ...small, nodeName: 'one' });
    await bench.all(names, isReady);
    await bench.stopController();
    await one.stop();
    expect(bench.writes).toBe(2 * names.length);
    expect(counting.writes.get('apply mdevdevices/status')).toBe(names.length);
    expect(counting.writes.get('patch mdevdevices')).toBeUndefined();
  });

  it('move a device whose place was taken by somebody else', async () => {
    await bench.create('first', small);
    const first = await bench.device('first', isReady);
    const [home, other] = first.status?.allocation?.nodeName === 'one' ? [one, two] : [two, one];
    await home.stop();
    await home.host.foreignCreate(gvt, bigID, uuid);
    await home.host.foreignCreate(gvt, 'i915-GVTg_V5_4', uuid.replace('1', '2'));
    await bench.create('second', big);
    await bench.placed('second', parentObjectName(home.name, gvt));
    await home.start();
    const moved = await bench.device('second', (device) => isReady(device) && device.status?.allocation?.nodeName === other.name);
    expect(moved.status?.allocation).toEqual({ nodeName: other.name, parentName: parentObjectName(other.name, gvt), typeID: bigID });
    expect(uuidsOf(other.host)).toEqual([moved.status?.uuid]);
    expect(uuidsOf(home.host)).toHaveLength(3);
  });

  it('leave what is on a cordoned node there, also when that reboots, and put nothing new on it', async () => {
    await bench.create('kept', { ...small, nodeName: 'one' });
    const before = await bench.device('kept', isReady);
    await bench.node('one', true);
    await bench.create('refused', { ...small, nodeName: 'one' });
    await bench.refused('refused', 'Unschedulable');
    await one.stop();
    await one.reboot();
    await one.start();
    await bench.create('elsewhere', small);
    expect((await bench.device('elsewhere', isReady)).status?.allocation?.nodeName).toBe('two');
    const after = await bench.device('kept', (device) => isReady(device) && device.status?.vfio?.bootID === one.host.bootID);
    expect(after.status?.allocation).toEqual(before.status?.allocation);
    expect(uuidsOf(one.host)).toEqual([before.status?.uuid]);
    await bench.refused('refused', 'Unschedulable');
    await bench.node('one', false);
    await bench.device('refused', isReady);
  });

  it('put a group into one IOMMU group of one parent', async () => {
    await Promise.all(['x', 'y'].map((name) => bench.create(name, { ...middle, group: 'vm' })));
    await bench.device('x', ({ status }) => status?.allocation !== undefined);
    const places = await Promise.all(['x', 'y'].map((name) => bench.device(name, ({ status }) => status?.allocation !== undefined)));
    expect(new Set(places.map(({ status }) => status?.allocation?.parentName)).size).toBe(1);
  });
});
