import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { answerOf, rig, settle, uuidOf } from '../testing/rig.ts';
import { SlotDriver } from '../testing/slot-driver.ts';
import type { ParentInit, ParentOps } from './driver.ts';

const user = { pid: 42, comm: 'qemu' };

function without(name: 'create' | 'remove'): ParentInit {
  const init = new SlotDriver().init('third');
  const ops: Partial<ParentOps> = { ...init.ops, [name]: undefined };
  return { ...init, ops: ops as ParentOps };
}

describe('registering a parent', () => {
  it.each(['create', 'remove'] as const)('answers EINVAL without %s', (name) => {
    const { bus } = rig();
    expect(() => bus.registerParent(without(name))).toThrow('EINVAL');
    expect(bus.parent('third')).toBeUndefined();
  });

  it('answers EEXIST for a parent that is there, and leaves that one alone', async () => {
    const { bus, actions } = rig();
    await bus.create('slots', 'slot-1', uuidOf(1));
    actions();
    expect(() => bus.registerParent(new SlotDriver().init('slots'))).toThrow('EEXIST');
    expect(bus.parent('slots')?.devices).toEqual([uuidOf(1)]);
    expect(actions()).toEqual([]);
  });

  it('is announced with MDEV_STATE', async () => {
    const { bus, actions, events } = rig();
    bus.registerParent(new SlotDriver().init('third'));
    await bus.unregisterParent('third');
    expect(actions()).toEqual(['change registered', 'change unregistered']);
    expect(events[0]).toMatchObject({ subsystem: 'pci', parent: 'third', devpath: '/devices/emulated/third' });
    expect(events[0]?.uuid).toBeUndefined();
  });
});

describe('unregistering a parent', () => {
  it('removes all its devices, those of other parents not, and the parent can come back empty', async () => {
    const { bus, driver } = rig();
    for (const digit of [1, 2, 3]) await bus.create('slots', 'slot-1', uuidOf(digit));
    await bus.create('other', 'slot-1', uuidOf(4));
    await bus.unregisterParent('slots');
    expect(bus.devices().map(({ uuid }) => uuid)).toEqual([uuidOf(4)]);
    expect(bus.parents().map(({ name }) => name)).toEqual(['other']);
    expect(driver.taken).toBe(0);
    expect(await answerOf(bus.unregisterParent('slots'))).toBe('ENOENT');
    bus.registerParent(driver.init('slots'));
    expect(await answerOf(bus.create('slots', 'slot-1', uuidOf(1)))).toBe('ok');
  });

  it('answers ENODEV to creates from the call on, and shows every type at 0', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuidOf(1));
    await bus.create('slots', 'slot-1', uuidOf(2));
    const handle = await bus.open(uuidOf(1), user);
    const leaving = bus.unregisterParent('slots');
    expect(await answerOf(bus.create('slots', 'slot-1', uuidOf(3)))).toBe('ENODEV');
    expect(await answerOf(bus.remove(uuidOf(1)))).toBe('ENOENT');
    expect(bus.parent('slots')).toMatchObject({
      state: 'leaving',
      types: [{ availableInstances: 0, reason: 'the parent is being unregistered by its driver' }],
    });
    expect(await answerOf(bus.unregisterParent('slots'))).toBe('ENODEV');
    expect(() => bus.registerParent(new SlotDriver().init('slots'))).toThrow('EEXIST');
    await handle.release();
    await leaving;
    expect(await answerOf(bus.create('slots', 'slot-1', uuidOf(3)))).toBe('ENOENT');
  });

  it('waits for open devices, lists what it waits for, and reports the wait at every interval', async () => {
    const { bus, clock, reports } = rig();
    await bus.create('slots', 'slot-1', uuidOf(1));
    await bus.create('slots', 'slot-1', uuidOf(2));
    const handle = await bus.open(uuidOf(1), user);
    const leaving = bus.unregisterParent('slots');
    expect(await answerOf(bus.open(uuidOf(2), user))).toBe('ENODEV');
    await settle();
    await clock.advance(20_000);
    const devices = [{ uuid: uuidOf(1), state: 'removing', users: [user] }];
    expect(bus.parent('slots')?.waitingFor).toEqual(devices);
    expect(reports).toEqual([10_000, 20_000].map((milliseconds) => ({ kind: 'parent-waits', parent: 'slots', milliseconds, devices })));
    await handle.release();
    await leaving;
    expect(bus.parents().map(({ name }) => name)).toEqual(['other']);
    expect(clock.pending).toBe(0);
  });

  it('waits for a creation that is under way, whose creator has success before the device goes', async () => {
    const { bus, driver, actions } = rig();
    const goOn = driver.stop('create');
    const creating = answerOf(bus.create('slots', 'slot-1', uuidOf(1)));
    const leaving = bus.unregisterParent('slots');
    await settle();
    expect(bus.parent('slots')?.waitingFor).toMatchObject([{ state: 'creating' }]);
    goOn();
    expect(await creating).toBe('ok');
    await leaving;
    expect(bus.devices()).toEqual([]);
    expect(actions()).toEqual(['add', 'bind', 'unbind', 'remove', 'change unregistered']);
  });

  it('ignores and reports what the driver refuses', async () => {
    const { bus, driver, reports } = rig();
    await bus.create('slots', 'slot-1', uuidOf(1));
    const error = new ErrnoError('EBUSY', 'not now');
    driver.fail('remove', error);
    await bus.unregisterParent('slots');
    expect(bus.devices()).toEqual([]);
    expect(driver.taken).toBe(0);
    expect(reports).toEqual([{ kind: 'refusal-ignored', parent: 'slots', uuid: uuidOf(1), error }]);
  });

  it('removes by force what a remover before it was refused', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuidOf(1));
    const goOn = driver.stop('remove');
    driver.fail('remove', new ErrnoError('EIO', 'the hardware does not answer'));
    const removing = answerOf(bus.remove(uuidOf(1)));
    const leaving = bus.unregisterParent('slots');
    await settle();
    goOn();
    expect(await removing).toBe('EIO');
    await leaving;
    expect(bus.devices()).toEqual([]);
    expect(bus.parent('slots')).toBeUndefined();
  });
});
