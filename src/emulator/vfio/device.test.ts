import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { answer } from '../iommu/testing/world.ts';
import { answerOf } from '../testing/rig.ts';
import { VfioDevice } from './device.ts';
import type { DeviceUser, RegionInit } from './model.ts';
import { Counter } from './testing/counter.ts';
import { Mapper, Opener, pfns } from './testing/opener.ts';
import { irqSet, set, struct, u32 } from './testing/structs.ts';
import { irq, testMemory, TestModel } from './testing/test-model.ts';

const uuid = '12345678-1234-1234-1234-123456789001';

function open(model = new TestModel(), opener = new Opener()) {
  const device = new VfioDevice(uuid, model);
  const file = device.open(opener);
  return { device, model, opener, file, user: model.user as DeviceUser };
}

describe('a device opened by itself', () => {
  it('has one user at a time', () => {
    const { device, file, model } = open();
    expect(() => device.open(new Opener())).toThrow('EBUSY');
    file.close();
    device.open(new Opener()).close();
    expect(model.calls).toEqual(['open', 'close', 'open', 'close']);
  });

  it('answers what its tables say, and maps what can be mapped', () => {
    const memory = testMemory(4096);
    const region: RegionInit = { size: 4096, readable: true, writable: true, mmap: { memory: () => memory } };
    const { file } = open(new TestModel({ regions: [region, { size: 4096, readable: true, writable: true }] }));
    expect(u32(file.info(struct(16, 0, 0, 0)), 8)).toBe(2);
    expect(u32(file.regionInfo(struct(32, 0, 0, 0, 0n, 0n)), 4)).toBe(7);
    expect(u32(file.irqInfo(struct(16, 0, irq.msix, 0)), 12)).toBe(4);
    expect(file.regionMemory(0)).toBe(memory);
    for (const index of [1, 2, -1]) expect(file.regionMemory(index)).toBeUndefined();
  });

  it('hands a request to its model in one piece, cut at the end of the region', () => {
    const { file, model } = open();
    const bytes = Uint8Array.from({ length: 140 }, (_, place) => place);
    expect(file.write(1, 0n, bytes)).toBe(140);
    const read = new Uint8Array(200);
    expect(file.read(1, 3n, read)).toBe(137);
    expect(read.subarray(0, 137)).toEqual(bytes.subarray(3));
    expect(file.write(1, 139n, bytes.subarray(0, 8))).toBe(1);
    expect(model.calls.slice(1)).toEqual(['write 1 0+140', 'read 1 3+137', 'write 1 139+1']);
  });

  it('lets nothing reach its model that the region table refuses, and an empty request do nothing', () => {
    const { file, model } = open();
    const bytes = new Uint8Array(4);
    const refused: (() => number)[] = [
      () => file.read(0, 16n, bytes),
      () => file.read(0, 2n ** 64n - 2n, bytes),
      () => file.write(2, 0n, bytes),
      () => file.read(3, 0n, bytes),
      () => file.read(4, 0n, bytes),
      () => file.read(9, 0n, bytes),
    ];
    for (const access of refused) expect(answer(access)).toBe('EINVAL');
    expect(file.read(0, 16n, new Uint8Array(0))).toBe(0);
    expect(file.write(9, 0n, new Uint8Array(0))).toBe(0);
    expect(model.calls).toEqual(['open']);
  });

  it('is reset with its lines low and its events in place; one that cannot be reset answers EINVAL', () => {
    const { file, user, model } = open();
    const event = new Counter();
    file.setIRQs(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [event]);
    user.setLine(irq.intx, 0, true);
    file.reset();
    file.setIRQs(irqSet(set.none | set.unmask, irq.intx, 0, 1), []);
    expect([event.signals, event.closed]).toEqual([1, false]);
    model.fail('reset', new ErrnoError('EIO', 'the hardware does not answer'));
    expect(answer(() => file.reset())).toBe('EIO');
    expect(answer(() => open(new TestModel({ plain: true })).file.reset())).toBe('EINVAL');
  });

  it('passes a line on that its model raises in a reset', () => {
    const model: TestModel = new TestModel({ reset: () => model.user?.setLine(irq.intx, 0, true) });
    const { file } = open(model);
    const event = new Counter();
    file.setIRQs(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [event]);
    file.reset();
    expect(event.signals).toBe(1);
  });

  it('asks its user to let go by way of the model', () => {
    const { file, model } = open();
    file.request();
    expect(model.calls).toContain('request');
  });
});

describe('what a model may do to its user', () => {
  it('is to read the attributes, to pin what is mapped and to reach it', async () => {
    const { file, user, opener } = open();
    const mapper = new Mapper();
    mapper.map(file, 16, 4);
    expect(user.attributes).toEqual({ level: '3' });
    const hosts = new Float64Array(3);
    user.pinPages(pfns(16, 3), 3, true, hosts);
    expect([...hosts]).toEqual([16, 17, 18].map((page) => mapper.pages.pfnOf(page)));
    expect([file.pinner.pages, mapper.task.locked.pages, opener.pinChanges]).toEqual([3, 3, 1]);
    expect(user.unpinPages(pfns(16, 2), 2)).toBe(2);
    expect([file.pinner.pages, mapper.task.locked.pages, opener.pinChanges]).toEqual([1, 1, 2]);
    await user.writeMemory(0x10ffen, Uint8Array.of(1, 2, 3, 4));
    const bytes = new Uint8Array(4);
    await user.readMemory(0x10ffen, bytes);
    expect([...bytes]).toEqual([1, 2, 3, 4]);
  });

  it('is told by its own errno what cannot be done, and nobody of pins that were not', async () => {
    const { file, user, opener } = open();
    new Mapper().map(file, 16, 1);
    expect(answer(() => user.pinPages(pfns(15, 1), 1, false, new Float64Array(1)))).toBe('EINVAL');
    expect(answer(() => user.pinPages(pfns(16, 513), 513, false, new Float64Array(513)))).toBe('E2BIG');
    expect(answer(() => user.unpinPages(pfns(16, 1), 1))).toBe('EINVAL');
    expect(await answerOf(user.readMemory(0n, new Uint8Array(1)))).toBe('EINVAL');
    expect(opener.pinChanges).toBe(0);
  });

  it('is no pin where it takes no notice of unmaps', () => {
    const { file, user } = open(new TestModel({ plain: true }));
    new Mapper().map(file, 16, 1);
    expect(answer(() => user.pinPages(pfns(16, 1), 1, false, new Float64Array(1)))).toBe('EINVAL');
  });

  it('is bounded by the limit of whoever mapped, of which the opener is told in bytes', () => {
    const { file, user, opener } = open();
    const mapper = new Mapper(2);
    mapper.map(file, 0, 8);
    user.pinPages(pfns(0, 1), 1, true, new Float64Array(1));
    expect(answer(() => user.pinPages(pfns(4, 3), 3, true, new Float64Array(3)))).toBe('ENOMEM');
    expect(opener.refusals).toHaveLength(1);
    expect(opener.refusals[0]).toMatchObject({ limitBytes: 8192 });
    expect([file.pinner.pages, opener.pinChanges]).toEqual([1, 1]);
  });

  it('ends at an unmap with a notice; what it leaves pinned is undone, and told', () => {
    const { file, user, opener, model } = open();
    const mapper = new Mapper();
    mapper.map(file, 0, 4);
    user.pinPages(pfns(1, 2), 2, true, new Float64Array(2));
    expect(file.dma.unmap(0n, 0x4000n)).toBe(0x4000n);
    expect(model.calls).toEqual(['open', 'dmaUnmap 0+4000']);
    expect([opener.leftovers, opener.pinChanges]).toEqual([['0: 2'], 2]);
    expect(mapper.task.locked.pages).toBe(0);
  });

  it('starts work with the opener', () => {
    const { user, opener } = open();
    const work = async (): Promise<void> => undefined;
    user.run(work);
    expect(opener.started).toEqual([work]);
  });

  it('can be done while it is opened', () => {
    class Early extends TestModel {
      override open(user: DeviceUser): void {
        super.open(user);
        user.setLine(irq.intx, 0, true);
      }
    }
    const { file } = open(new Early());
    const event = new Counter();
    file.setIRQs(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [event]);
    expect(event.signals).toBe(1);
  });
});

describe('the close of a device', () => {
  it('undoes pins, mappings and events, and may be repeated', () => {
    const { device, file, user, model, opener } = open();
    const mapper = new Mapper();
    mapper.map(file, 0, 4);
    user.pinPages(pfns(0, 4), 4, true, new Float64Array(4));
    const event = new Counter();
    file.setIRQs(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [event]);
    file.close();
    file.close();
    expect(model.calls).toEqual(['open', 'close']);
    expect([mapper.task.locked.pages, mapper.pages.taken.size, file.dma.mappings, file.pinner.pages]).toEqual([0, 0, 0, 0]);
    expect([event.closed, opener.leftovers, opener.pinChanges]).toEqual([true, [], 1]);
    device.open(new Opener());
  });

  it('undoes all of that even if the model fails, whose error it passes on', () => {
    const { device, file, user, model } = open();
    const mapper = new Mapper();
    mapper.map(file, 0, 1);
    user.pinPages(pfns(0, 1), 1, true, new Float64Array(1));
    const event = new Counter();
    file.setIRQs(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [event]);
    const failure = new Error('the model is broken');
    model.fail('close', failure);
    expect(() => file.close()).toThrow(failure);
    expect([mapper.task.locked.pages, file.dma.mappings, event.closed]).toEqual([0, 0, true]);
    expect(answer(() => user.trigger(irq.intx, 0))).toBe('ENODEV');
    file.close();
    device.open(new Opener());
  });

  it('leaves a file that answers EBADF, and closes the events it is given', () => {
    const { file } = open();
    file.close();
    const event = new Counter();
    const calls: (() => unknown)[] = [
      () => file.info(struct(16, 0, 0, 0)),
      () => file.regionInfo(struct(32, 0, 0, 0, 0n, 0n)),
      () => file.irqInfo(struct(16, 0, 0, 0)),
      () => file.regionMemory(0),
      () => file.setIRQs(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [event]),
      () => file.reset(),
      () => file.read(0, 0n, new Uint8Array(1)),
      () => file.write(0, 0n, new Uint8Array(1)),
      () => file.request(),
    ];
    expect(calls.map(answer)).toEqual(calls.map(() => 'EBADF'));
    expect(event.closed).toBe(true);
  });

  it('leaves a user that answers ENODEV to a model that comes late, also to what was under way', async () => {
    const { device, file, user, model, opener } = open();
    const mapper = new Mapper();
    mapper.map(file, 0, 1);
    const reading = answerOf(user.readMemory(0n, new Uint8Array(1)));
    const writing = answerOf(user.writeMemory(0n, new Uint8Array(1)));
    file.close();
    expect(await Promise.all([reading, writing])).toEqual(['ENODEV', 'ENODEV']);

    const next = device.open(new Opener());
    new Mapper().map(next, 0, 1);
    const event = new Counter();
    next.setIRQs(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [event]);
    const late: (() => unknown)[] = [
      () => user.setLine(irq.intx, 0, true),
      () => user.trigger(irq.intx, 0),
      () => user.pinPages(pfns(0, 1), 1, true, new Float64Array(1)),
      () => user.unpinPages(pfns(0, 1), 1),
      () => user.run(async () => undefined),
    ];
    expect(late.map(answer)).toEqual(late.map(() => 'ENODEV'));
    expect(await answerOf(user.readMemory(0n, new Uint8Array(1)))).toBe('ENODEV');
    expect(await answerOf(user.writeMemory(0n, new Uint8Array(1)))).toBe('ENODEV');
    expect([next.pinner.pages, event.signals, opener.started]).toEqual([0, 0, []]);
    expect(model.user).not.toBe(user);
  });

  it('lets the model unpin before it is done', () => {
    class Tidy extends TestModel {
      override close(): void {
        super.close();
        this.user?.unpinPages(pfns(0, 1), 1);
      }
    }
    const { file, user } = open(new Tidy());
    new Mapper().map(file, 0, 1);
    user.pinPages(pfns(0, 1), 1, true, new Float64Array(1));
    file.close();
    expect(file.pinner.pages).toBe(0);
  });
});

describe('a device that its model does not open', () => {
  it('is not open, and the user that the model has seen is gone', () => {
    const model = new TestModel();
    model.fail('open', new ErrnoError('ENOMEM', 'no channels left'));
    const device = new VfioDevice(uuid, model);
    expect(() => device.open(new Opener())).toThrow('no channels left');
    expect(answer(() => model.user?.trigger(irq.intx, 0))).toBe('ENODEV');
    expect(model.calls).toEqual(['open']);
    model.fail('open', undefined);
    device.open(new Opener());
  });
});

describe('the end of a device', () => {
  it('is once, not while it is open, and nothing opens it after', () => {
    const { device, file, model } = open();
    expect(() => device.dispose()).toThrow('EBUSY');
    file.close();
    device.dispose();
    device.dispose();
    expect(model.calls.slice(2)).toEqual(['dispose']);
    expect(() => device.open(new Opener())).toThrow('ENODEV');
  });
});
