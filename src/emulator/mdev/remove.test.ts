import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { answerOf, rig, settle, uuidOf } from '../testing/rig.ts';

const uuid = uuidOf(1);
const user = { pid: 42, comm: 'qemu' };

describe('remove', () => {
  it('gives everything back, announced by unbind and remove', async () => {
    const { bus, driver, actions } = rig();
    await bus.create('slots', 'slot-1', uuid);
    actions();
    await bus.remove(uuid);
    expect(actions()).toEqual(['unbind', 'remove']);
    expect(bus.devices()).toEqual([]);
    expect(bus.parent('slots')).toMatchObject({ devices: [], types: [{ instances: 0, availableInstances: 4 }] });
    expect(driver.taken).toBe(0);
    await bus.create('other', 'slot-1', uuid);
    expect(bus.device(uuid)?.group).toBe(0);
  });

  it('answers ENOENT for what is not there', async () => {
    expect(await answerOf(rig().bus.remove(uuid))).toBe('ENOENT');
  });

  it('answers EAGAIN during create, and changes nothing: the device comes and can be removed', async () => {
    const { bus, driver, actions } = rig();
    const goOn = driver.stop('create');
    const creating = bus.create('slots', 'slot-1', uuid);
    await settle();
    expect(await answerOf(bus.remove(uuid))).toBe('EAGAIN');
    expect(bus.device(uuid)?.state).toBe('creating');
    goOn();
    await creating;
    expect(bus.device(uuid)?.state).toBe('live');
    expect(await answerOf(bus.remove(uuid))).toBe('ok');
    expect(actions()).toEqual(['add', 'bind', 'unbind', 'remove']);
  });

  it('waits for the close of an open device, keeps newcomers out, and reports the wait with its users', async () => {
    const { bus, clock, reports } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const handle = await bus.open(uuid, user);
    const removing = bus.remove(uuid);
    await clock.advance(25_000);
    expect(reports).toEqual([
      { kind: 'removal-waits', uuid, milliseconds: 10_000, users: [user] },
      { kind: 'removal-waits', uuid, milliseconds: 20_000, users: [user] },
    ]);
    expect(bus.device(uuid)).toMatchObject({ state: 'removing', users: [user] });
    expect(await answerOf(bus.open(uuid, user))).toBe('ENODEV');
    expect(() => bus.claim(uuid)).toThrow('ENODEV');
    expect(await answerOf(bus.remove(uuid))).toBe('ENOENT');
    expect(await answerOf(bus.writeAttribute(uuid, 'vendor/value', 'x'))).toBe('ENOENT');
    await handle.release();
    await removing;
    expect(bus.devices()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('answers EBUSY for an open device, by the other policy of the driver, and changes nothing', async () => {
    const { bus, driver, actions } = rig({ removeWhileOpen: 'refuse' });
    await bus.create('slots', 'slot-1', uuid);
    const handle = await bus.open(uuid, user);
    actions();
    expect(await answerOf(bus.remove(uuid))).toBe('EBUSY');
    expect(bus.device(uuid)?.state).toBe('live');
    expect(actions()).toEqual([]);
    expect(driver.calls.filter((call) => call.startsWith('remove'))).toEqual([]);
    await handle.release();
    expect(await answerOf(bus.remove(uuid))).toBe('ok');
  });

  it('works under a claim, whose release afterwards does nothing', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const claim = bus.claim(uuid);
    expect(await answerOf(bus.open(uuid, user))).toBe('EBUSY');
    await bus.remove(uuid);
    // The group outlives its device while somebody holds it, and so does its number.
    await bus.create('slots', 'slot-1', uuid);
    expect(bus.device(uuid)).toMatchObject({ group: 1, claimed: false });
    claim.release();
    claim.release();
    await bus.create('slots', 'slot-1', uuidOf(2));
    expect(bus.device(uuidOf(2))?.group).toBe(0);
  });

  it('waits for a write that is under way, as sysfs does', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const goOn = driver.stop('write');
    const writing = bus.writeAttribute(uuid, 'vendor/value', 'x');
    const removing = bus.remove(uuid);
    await settle();
    expect(bus.device(uuid)?.state).toBe('removing');
    expect(driver.calls).toEqual([`create ${uuid}`, `write ${uuid}`]);
    goOn();
    await writing;
    await removing;
    expect(bus.devices()).toEqual([]);
  });

  it('lets a driver refuse, and the device is as it was', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    driver.fail('remove', new ErrnoError('EIO', 'the hardware does not answer'));
    expect(await answerOf(bus.remove(uuid))).toBe('EIO');
    expect(bus.device(uuid)).toMatchObject({ state: 'live', group: 0, busDriver: 'vfio_mdev' });
    driver.fail('remove', undefined);
    expect(await answerOf(bus.remove(uuid))).toBe('ok');
  });

  it('ends with ENODEV when the power goes while it waits', async () => {
    const { bus, clock, power } = rig();
    await bus.create('slots', 'slot-1', uuid);
    await bus.open(uuid, user);
    const removing = answerOf(bus.remove(uuid));
    power.abort();
    expect(await removing).toBe('ENODEV');
    expect(clock.pending).toBe(0);
  });
});
