import { describe, expect, it } from 'vitest';
import { answer } from '../iommu/testing/world.ts';
import { ErrnoError } from '../../lib/errno.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { MdevBus } from '../mdev/bus.ts';
import type { BusDriver } from '../mdev/driver.ts';
import { vfioMdev } from '../mdev/driver.ts';
import { SlotDriver } from '../testing/slot-driver.ts';
import { answerOf, rig, uuidOf, type Rig } from '../testing/rig.ts';
import { VfioDevice } from './device.ts';
import type { GroupFile } from './group.ts';
import { vfioNodes, type VfioNodes } from './nodes.ts';
import { Mapper, pfns } from './testing/opener.ts';
import { dmaMap, dmaUnmap, struct, u32, u64 } from './testing/structs.ts';
import { TestModel } from './testing/test-model.ts';

const type1v2 = 3;
const user = { pid: 42, comm: 'qemu' };
const uuid = uuidOf(1);

interface Host extends Rig {
  readonly nodes: VfioNodes;
  readonly models: Map<string, TestModel>;
  readonly mapper: Mapper;
  /** Opens the group of a device as `user`. */
  readonly group: (device?: string) => GroupFile;
}

/** A host with devices of these UUIDs, which VFIO shows. */
async function host(...uuids: string[]): Promise<Host> {
  const base = rig({ requiresGroup: true });
  const models = new Map<string, TestModel>();
  const devices = new Map<string, VfioDevice>();
  const nodes = vfioNodes({
    bus: base.bus,
    deviceOf: (name) => devices.get(name),
    attributesOf: () => ({}),
    run: () => undefined,
  });
  for (const each of uuids) {
    await base.bus.create('slots', 'slot-1', each);
    const model = new TestModel();
    models.set(each, model);
    devices.set(each, new VfioDevice(each, model));
  }
  const group = (device = uuid): GroupFile => nodes.openGroup(base.bus.device(device)?.group ?? -1, user);
  return { ...base, nodes, models, mapper: new Mapper(), group };
}

/** A group in a container with an IOMMU. */
async function ready(...uuids: string[]) {
  const all = await host(...(uuids.length === 0 ? [uuid] : uuids));
  const container = all.nodes.openContainer();
  const group = all.group();
  group.setContainer(container);
  container.setIOMMU(type1v2);
  return { ...all, container, group };
}

describe('a group file', () => {
  it('has one opener at a time, and none while the group is claimed or not there', async () => {
    const { group, nodes, bus } = await host(uuid);
    const first = group();
    expect(answer(() => group())).toBe('EBUSY');
    expect(() => bus.claim(uuid)).toThrow('EBUSY');
    expect(await answerOf(bus.open(uuid, { pid: 43, comm: 'other' }))).toBe('EBUSY');
    first.close();
    const claim = bus.claim(uuid);
    expect(answer(() => group())).toBe('EBUSY');
    claim.release();
    expect(answer(() => nodes.openGroup(99, user))).toBe('ENOENT');
    expect(answer(() => group())).toBe('ok');
  });

  it('says whether it is viable and in a container', async () => {
    const { group, container } = await ready();
    expect(u32(group.getStatus(struct(8, 0)), 4)).toBe(3);
    group.unsetContainer();
    expect(u32(group.getStatus(struct(8, 0)), 4)).toBe(1);
    expect(answer(() => group.getStatus(struct(7, 0)))).toBe('EINVAL');
    expect(answer(() => container.setIOMMU(type1v2))).toBe('EINVAL');
  });

  it('is viable only while all its devices are vfio’s', async () => {
    const other = uuidOf(2);
    const bus = new MdevBus({ clock: new ManualClock(), report: () => undefined, power: new AbortController().signal });
    const greedy: BusDriver = {
      name: 'greedy',
      probe: async (mdev) => {
        if (mdev.uuid === uuid) throw new ErrnoError('ENODEV', 'not mine');
      },
    };
    bus.registerDriver(greedy);
    bus.registerDriver(vfioMdev);
    bus.registerParent(new SlotDriver().init('slots', {}, true));
    for (const each of [uuid, other]) await bus.create('slots', 'slot-1', each);
    await bus.writeAttribute(other, 'peer_to_peer_resource_uuid', bus.readAttribute(uuid, 'peer_to_peer_resource_uuid'));
    const nodes = vfioNodes({ bus, deviceOf: () => undefined, attributesOf: () => ({}), run: () => undefined });
    const file = nodes.openGroup(bus.device(uuid)?.group ?? -1, user);
    expect(u32(file.getStatus(struct(8, 0)), 4)).toBe(0);
    expect(answer(() => file.setContainer(nodes.openContainer()))).toBe('EPERM');
    await bus.remove(other);
    expect(u32(file.getStatus(struct(8, 0)), 4)).toBe(1);
  });

  it('attaches once, and detaches only when no device is open', async () => {
    const { group, container, nodes } = await ready();
    expect(answer(() => group.setContainer(nodes.openContainer()))).toBe('EINVAL');
    const device = await group.getDevice(uuid);
    expect(answer(() => group.unsetContainer())).toBe('EBUSY');
    await device.close();
    expect(answer(() => group.unsetContainer())).toBe('ok');
    expect(answer(() => group.unsetContainer())).toBe('EINVAL');
    // The IOMMU went with the last group.
    expect(answer(() => container.mapDMA(dmaMap(0x10000n, 0x1000n), new Mapper()))).toBe('EINVAL');
  });

  it('gives a device only with an IOMMU, by its name, of its own', async () => {
    const other = uuidOf(2);
    const { group, nodes } = await host(uuid, other);
    const file = group();
    expect(await answerOf(file.getDevice(uuid))).toBe('EINVAL');
    const container = nodes.openContainer();
    file.setContainer(container);
    expect(await answerOf(file.getDevice(uuid))).toBe('EINVAL');
    container.setIOMMU(type1v2);
    expect(await answerOf(file.getDevice('nobody'))).toBe('ENODEV');
    expect(await answerOf(file.getDevice(other))).toBe('ENODEV');
    expect(await answerOf(file.getDevice(uuid))).toBe('ok');
  });

  it('keeps the group from others until it and all devices opened through it are closed, in any order', async () => {
    const { group, bus, models, driver } = await ready();
    const first = await group.getDevice(uuid);
    const second = await group.getDevice(uuid);
    expect(bus.device(uuid)?.users).toEqual([user]);
    group.close();
    expect(await answerOf(group.getDevice(uuid))).toBe('EBADF');
    await first.close();
    await first.close();
    expect(() => bus.claim(uuid)).toThrow('EBUSY');
    expect(models.get(uuid)?.calls).toEqual(['open']);
    await second.close();
    expect(models.get(uuid)?.calls).toEqual(['open', 'close']);
    // The parent driver has seen one open and one close.
    expect(driver.calls.filter((call) => /^(open|release)/.test(call))).toEqual([`open ${uuid}`, `release ${uuid}`]);
    bus.claim(uuid).release();
  });

  it('can do nothing any more when its devices are gone', async () => {
    const { group, bus } = await ready();
    await bus.remove(uuid);
    expect(answer(() => group.getStatus(struct(8, 0)))).toBe('ENODEV');
    expect(await answerOf(group.getDevice(uuid))).toBe('ENODEV');
    group.close();
  });
});

describe('a container', () => {
  it('has version 0 of the interface, and type1 in both versions', async () => {
    const container = (await host()).nodes.openContainer();
    expect(container.getAPIVersion()).toBe(0);
    expect([1, 3, 9, 2, 99].map((extension) => container.checkExtension(extension))).toEqual([1, 1, 1, 0, 0]);
  });

  it('takes an IOMMU once, with a group in it, of a type that is there', async () => {
    const { nodes, group } = await host(uuid);
    const container = nodes.openContainer();
    expect(answer(() => container.setIOMMU(type1v2))).toBe('EINVAL');
    group().setContainer(container);
    expect(answer(() => container.setIOMMU(2))).toBe('ENODEV');
    expect(answer(() => container.setIOMMU(type1v2))).toBe('ok');
    expect(answer(() => container.setIOMMU(type1v2))).toBe('EINVAL');
  });

  it('maps and unmaps by the structs of its ioctls', async () => {
    const { container, mapper } = await ready();
    container.mapDMA(dmaMap(0x10000n, 0x4000n), mapper);
    expect(answer(() => container.mapDMA(dmaMap(0x12000n, 0x1000n), mapper))).toBe('EEXIST');
    expect(answer(() => container.mapDMA(struct(31, 3, 0n, 0n, 4096n), mapper))).toBe('EINVAL');
    expect(answer(() => container.mapDMA(dmaMap(0x20000n, 0x1000n, 0n, 4), mapper))).toBe('EINVAL');
    expect(answer(() => container.unmapDMA(dmaUnmap(0x10000n, 0x1000n)))).toBe('EINVAL');
    expect(answer(() => container.unmapDMA(dmaUnmap(0n, 0x1000n, 2)))).toBe('EINVAL');
    expect(u64(container.unmapDMA(dmaUnmap(0x10000n, 0x4000n)), 16)).toBe(0x4000n);
    container.mapDMA(dmaMap(0x10000n, 0x1000n), mapper);
    expect(u64(container.unmapDMA(dmaUnmap(0n, 0n, 2)), 16)).toBe(0x1000n);
    const info = container.iommuInfo(struct(64, 0, 0n, 0, 0, 0n, 0n, 0n, 0n));
    expect([u32(info, 4), u64(info, 8)]).toEqual([3, 0xffff_ffff_ffff_f000n]);
  });

  it('is what the devices of all its groups pin in, each by its own count', async () => {
    const other = uuidOf(2);
    const { container, group, mapper, models, bus, nodes } = await ready(uuid, other);
    const second = nodes.openGroup(bus.device(other)?.group ?? -1, user);
    second.setContainer(container);
    container.mapDMA(dmaMap(0x10000n, 0x4000n), mapper);
    const devices = [await group.getDevice(uuid), await second.getDevice(other)];
    for (const each of [uuid, other]) models.get(each)?.user?.pinPages(pfns(16, 2), 2, true, new Float64Array(2));
    expect(mapper.task.locked.pages).toBe(2);
    await devices[0]?.close();
    expect(mapper.task.locked.pages).toBe(2);
    await devices[1]?.close();
    expect(mapper.task.locked.pages).toBe(0);
  });

  it('stays with its groups when its file is closed', async () => {
    const { container, group, mapper, models } = await ready();
    container.mapDMA(dmaMap(0x10000n, 0x1000n), mapper);
    const device = await group.getDevice(uuid);
    container.close();
    expect(answer(() => container.getAPIVersion())).toBe('EBADF');
    models.get(uuid)?.user?.pinPages(pfns(16, 1), 1, true, new Float64Array(1));
    expect(mapper.task.locked.pages).toBe(1);
    await device.close();
    group.close();
    expect([mapper.task.locked.pages, mapper.pages.taken.size]).toEqual([0, 0]);
  });

  it('of the first version pins nothing for devices', async () => {
    const { nodes, group, models, mapper } = await host(uuid);
    const container = nodes.openContainer();
    const file = group();
    file.setContainer(container);
    container.setIOMMU(1);
    container.mapDMA(dmaMap(0x10000n, 0x1000n), mapper);
    await file.getDevice(uuid);
    expect(answer(() => models.get(uuid)?.user?.pinPages(pfns(16, 1), 1, true, new Float64Array(1)))).toBe('EACCES');
  });
});
