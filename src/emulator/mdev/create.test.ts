import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { answerOf, rig, settle, uuidOf } from '../testing/rig.ts';
import { SlotDriver } from '../testing/slot-driver.ts';
import { MdevBus } from './bus.ts';

const uuid = uuidOf(1);

describe('create', () => {
  it('makes a live device with a type link, a bus driver and a group, announced by add and bind', async () => {
    const { bus, actions } = rig();
    expect(await bus.create('slots', 'slot-1', `${uuid.toUpperCase()}\n`, 'a=1:b')).toBe(uuid);
    expect(bus.device(uuid)).toEqual({
      uuid,
      parent: 'slots',
      typeID: 'slot-1',
      deviceAPI: 'vfio-pci',
      state: 'live',
      params: 'a=1:b',
      online: false,
      group: 0,
      busDriver: 'vfio_mdev',
      users: [],
      claimed: false,
    });
    expect(bus.parent('slots')?.types[0]).toMatchObject({ instances: 1, availableInstances: 3 });
    expect(actions()).toEqual(['add', 'bind']);
  });

  it('shows the device as creating, without link, group or attributes, while the driver works', async () => {
    const { bus, driver, actions } = rig();
    const goOn = driver.stop('create');
    const creating = bus.create('slots', 'slot-1', uuid);
    await settle();
    expect(bus.device(uuid)).toMatchObject({ state: 'creating', group: undefined, busDriver: undefined });
    expect(bus.parent('slots')?.types[0]?.instances).toBe(0);
    expect(() => bus.attributeNames(uuid)).toThrow('ENOENT');
    expect(await answerOf(bus.setOnline(uuid, '1'))).toBe('ENOENT');
    expect(actions()).toEqual(['add']);
    goOn();
    await creating;
    expect(bus.device(uuid)?.state).toBe('live');
    expect(actions()).toEqual(['bind']);
  });

  it('undoes everything when the driver fails, with its own errno', async () => {
    const { bus, driver, actions } = rig();
    driver.fail('create', new ErrnoError('EUSERS', 'no user left'));
    expect(await answerOf(bus.create('slots', 'slot-1', uuid))).toBe('EUSERS');
    expect(bus.devices()).toEqual([]);
    expect(bus.parent('slots')).toMatchObject({ devices: [], types: [{ instances: 0, availableInstances: 4 }] });
    expect(actions()).toEqual(['add', 'remove']);
    driver.fail('create', undefined);
    expect(await answerOf(bus.create('slots', 'slot-1', uuid))).toBe('ok');
    expect(bus.device(uuid)?.group).toBe(0);
  });

  it('undoes the steps in reverse when a later one throws, here the telling of a failed probe', async () => {
    const error = new Error('the log is full');
    const bus = new MdevBus({
      clock: new ManualClock(),
      report: () => {
        throw error;
      },
      power: new AbortController().signal,
    });
    const driver = new SlotDriver();
    bus.registerParent(driver.init('slots'));
    bus.registerDriver({ name: 'broken', probe: () => Promise.reject(new ErrnoError('EIO', 'no answer')) });
    const actions: string[] = [];
    bus.uevents.subscribe(({ action }) => actions.push(action));
    await expect(bus.create('slots', 'slot-1', uuid)).rejects.toBe(error);
    expect(driver.calls).toEqual([`create ${uuid}`, `remove ${uuid}`]);
    expect(driver.taken).toBe(0);
    expect(bus.parent('slots')).toMatchObject({ devices: [], types: [{ instances: 0, availableInstances: 4 }] });
    expect(actions).toEqual(['add', 'remove']);
  });

  it('answers ENOSPC when the parent is full, and tells why its types are at 0', async () => {
    const { bus } = rig();
    for (const digit of [1, 2, 3, 4]) await bus.create('slots', 'slot-1', uuidOf(digit));
    expect(await answerOf(bus.create('slots', 'slot-1', uuidOf(5)))).toBe('ENOSPC');
    expect(bus.parent('slots')?.types[0]).toMatchObject({ availableInstances: 0, reason: 'all slots are taken' });
    expect(bus.devices()).toHaveLength(4);
  });

  it.each([
    ['nobody', 'slot-1'],
    ['slots', 'slot-2'],
  ])('answers ENOENT for type %s/%s, which is not there', async (parent, type) => {
    expect(await answerOf(rig().bus.create(parent, type, uuid))).toBe('ENOENT');
  });

  it.each(['creating', 'live', 'removing'])('answers EEXIST on any parent while the UUID is %s', async (state) => {
    const { bus, driver } = rig();
    if (state === 'creating') driver.stop('create');
    const creating = bus.create('slots', 'slot-1', uuid);
    await settle();
    driver.stop('remove');
    const removing = state === 'removing' ? bus.remove(uuid) : undefined;
    await settle();
    expect(bus.device(uuid)?.state).toBe(state);
    for (const parent of ['slots', 'other']) expect(await answerOf(bus.create(parent, 'slot-1', uuid))).toBe('EEXIST');
    void Promise.all([creating, removing]);
  });
});
