import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { answerOf, rig, uuidOf } from '../testing/rig.ts';
import { SlotDriver } from '../testing/slot-driver.ts';
import { MdevBus } from './bus.ts';
import type { KernelReport } from './snapshot.ts';

const uuid = uuidOf(1);
const user = { pid: 7, comm: 'qemu' };

describe('the bus', () => {
  it('detaches the group of a device whose probe fails; the device stays, reported, and can be bound later and removed', async () => {
    const reports: KernelReport[] = [];
    const bus = new MdevBus({ clock: new ManualClock(), report: (report) => reports.push(report), power: new AbortController().signal });
    bus.registerParent(new SlotDriver().init('slots'));
    const error = new ErrnoError('EIO', 'no answer');
    let broken = true;
    bus.registerDriver({
      name: 'vfio_x',
      probe: async () => {
        if (broken) throw error;
      },
    });
    await bus.create('slots', 'slot-1', uuid);
    expect(bus.device(uuid)).toMatchObject({ state: 'live', group: undefined, busDriver: undefined });
    expect(reports).toEqual([{ kind: 'probe-failed', uuid, driver: 'vfio_x', error }]);
    expect(await answerOf(bus.open(uuid, user))).toBe('ENODEV');
    expect(() => bus.claim(uuid)).toThrow('ENODEV');
    expect(await answerOf(bus.create('slots', 'slot-1', uuid))).toBe('EEXIST');
    expect(await answerOf(bus.bind(uuid))).toBe('ENODEV');
    broken = false;
    await bus.bind(uuid);
    // Were the group of the failed probes not detached, its number would still be taken.
    expect(bus.device(uuid)).toMatchObject({ group: 0, busDriver: 'vfio_x' });
    expect(await answerOf(bus.remove(uuid))).toBe('ok');
  });

  it('leaves a device to the next driver when the first one fails, and refuses a second driver of one name', async () => {
    const bus = new MdevBus({ clock: new ManualClock(), report: () => undefined, power: new AbortController().signal });
    bus.registerParent(new SlotDriver().init('slots'));
    bus.registerDriver({ name: 'first', probe: () => Promise.reject(new ErrnoError('ENODEV', 'not mine')) });
    bus.registerDriver({ name: 'second' });
    expect(() => bus.registerDriver({ name: 'second' })).toThrow('EEXIST');
    await bus.create('slots', 'slot-1', uuid);
    expect(bus.device(uuid)).toMatchObject({ group: 0, busDriver: 'second' });
  });

  it('lets go of a device on unbind, which stays and can be bound again or removed', async () => {
    const { bus, actions } = rig();
    await bus.create('slots', 'slot-1', uuid);
    actions();
    await bus.unbind(uuid);
    expect(bus.device(uuid)).toMatchObject({ state: 'live', group: undefined, busDriver: undefined });
    expect(actions()).toEqual(['unbind']);
    expect(await answerOf(bus.unbind(uuid))).toBe('ENODEV');
    await bus.bind(uuid);
    expect(await answerOf(bus.bind(uuid))).toBe('EBUSY');
    await bus.unbind(uuid);
    actions();
    await bus.remove(uuid);
    expect(actions()).toEqual(['remove']);
  });

  it('refuses to unbind a device that is open or claimed', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const handle = await bus.open(uuid, user);
    expect(await answerOf(bus.unbind(uuid))).toBe('EBUSY');
    await handle.release();
    using claim = bus.claim(uuid);
    expect(claim.uuid).toBe(uuid);
    expect(await answerOf(bus.unbind(uuid))).toBe('EBUSY');
  });
});
