/**
 * What version 7 of the mdev patch series got wrong in its core, one test each; the numbers are lines of the mailing-list thread
 * in which it was reviewed. v7's behaviour would fail every one of them.
 */
import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { answerOf, rig, settle, uuidOf } from '../testing/rig.ts';
import { SlotDriver } from '../testing/slot-driver.ts';

const uuid = uuidOf(1);
const user = { pid: 42, comm: 'qemu' };

describe('unlike v7, the core', () => {
  it.each([
    ['two types of one id', { types: [1, 2].map(() => ({ id: 'slot-1', name: 'A', deviceAPI: 'vfio-pci' })) }, 'EEXIST'],
    ['two attributes of one name', { attributes: [1, 2].map(() => ({ name: 'level' })) }, 'EEXIST'],
  ])('leaves nothing of a registration that fails half way by %s (598)', async (_, change, code) => {
    const { bus, actions } = rig();
    expect(() => bus.registerParent(new SlotDriver().init('third', change))).toThrow(code);
    expect(bus.parents().map(({ name }) => name)).toEqual(['slots', 'other']);
    expect(() => bus.readParentAttribute('third', 'level')).toThrow('there is no mdev parent');
    expect(await answerOf(bus.create('third', 'slot-1', uuid))).toBe('ENOENT');
    expect(actions()).toEqual([]);
    bus.registerParent(new SlotDriver().init('third'));
    expect(await answerOf(bus.create('third', 'slot-1', uuid))).toBe('ok');
  });

  it('lets nobody open or claim a device before create has run (719)', async () => {
    const { bus, driver } = rig();
    const goOn = driver.stop('create');
    const creating = bus.create('slots', 'slot-1', uuid);
    await settle();
    expect(await answerOf(bus.open(uuid, user))).toBe('ENODEV');
    expect(() => bus.claim(uuid)).toThrow('ENODEV');
    expect(driver.calls).toEqual([`create ${uuid}`]);
    goOn();
    await creating;
    expect(await answerOf(bus.open(uuid, user))).toBe('ok');
  });

  it('keeps online, attributes, group and all when the driver refuses a removal (769)', async () => {
    const { bus, driver, actions } = rig();
    await bus.create('slots', 'slot-1', uuid);
    await bus.setOnline(uuid, '1');
    const before = bus.device(uuid);
    actions();
    driver.fail('remove', new ErrnoError('EBUSY', 'the guest is running'));
    expect(await answerOf(bus.remove(uuid))).toBe('EBUSY');
    expect(bus.device(uuid)).toEqual(before);
    expect(actions()).toEqual([]);
    await bus.setOnline(uuid, '0');
    await bus.writeAttribute(uuid, 'vendor/value', '1');
    expect(await answerOf(bus.open(uuid, user))).toBe('ok');
  });

  it('lets exactly one of two removers win (752-775)', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const answers = await Promise.all([answerOf(bus.remove(uuid)), answerOf(bus.remove(uuid))]);
    expect(answers).toEqual(['ok', 'ENOENT']);
    expect(driver.calls.filter((call) => call.startsWith('remove'))).toHaveLength(1);
  });

  it('takes each device apart once while unregistering, also one that a remover has begun with (645-657)', async () => {
    const { bus, driver, actions } = rig();
    await bus.create('slots', 'slot-1', uuidOf(1));
    await bus.create('slots', 'slot-1', uuidOf(2));
    actions();
    const goOn = driver.stop('remove');
    const removing = bus.remove(uuidOf(1));
    const leaving = bus.unregisterParent('slots');
    await settle();
    goOn();
    await Promise.all([removing, leaving]);
    expect(driver.calls.filter((call) => call.startsWith('remove')).sort()).toEqual([`remove ${uuidOf(1)}`, `remove ${uuidOf(2)}`]);
    expect(actions().sort()).toEqual(['change unregistered', 'remove', 'remove', 'unbind', 'unbind']);
  });

  it('does not spin while it waits to unregister: one timer, one report an interval, an end when the power goes (661)', async () => {
    const { bus, clock, power, reports } = rig();
    await bus.create('slots', 'slot-1', uuid);
    await bus.open(uuid, user);
    const leaving = answerOf(bus.unregisterParent('slots'));
    await clock.advance(65_000);
    expect(clock.pending).toBe(1);
    expect(reports).toHaveLength(6);
    power.abort();
    expect(await leaving).toBe('ENODEV');
    expect(clock.pending).toBe(0);
  });

  it('finds a UUID that exists under another parent (409)', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    expect(await answerOf(bus.create('other', 'slot-1', uuid))).toBe('EEXIST');
    expect(await answerOf(bus.create('other', 'slot-1', uuid.toUpperCase()))).toBe('EEXIST');
  });

  it.each([`${uuid}garbage`, `${uuid}:disable_vnc=1`, `${uuid} `, `${uuid}\n\n`])(
    'refuses %j, a UUID with something after (1150)',
    async (text) => {
      const { bus } = rig();
      expect(await answerOf(bus.create('slots', 'slot-1', text))).toBe('EINVAL');
      expect(bus.devices()).toEqual([]);
    },
  );

  it.each(['2', '4294967295', '0x1', '01', '+1', '-1', ' 1', '1 ', '1\n\n', 'on', ''])('refuses %j as online (1215)', async (text) => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    expect(await answerOf(bus.setOnline(uuid, text))).toBe('EINVAL');
    expect(driver.calls).toEqual([`create ${uuid}`]);
  });

  it.each(['0', '1'])('answers EOPNOTSUPP to online %s, without a uevent, where the driver cannot do it (1223)', async (text) => {
    const { bus, actions } = rig();
    const { setOnline: _, ...ops } = new SlotDriver().init('third').ops;
    bus.registerParent({ name: 'third', driver: 'slot', ops });
    await bus.create('third', 'slot-1', uuid);
    actions();
    expect(await answerOf(bus.setOnline(uuid, text))).toBe('EOPNOTSUPP');
    expect(actions()).toEqual([]);
  });

  it('refuses a description that overflows its page with the newline, and cuts an attribute to the page (1120)', async () => {
    const { bus } = rig();
    const described = (description: string) =>
      new SlotDriver().init('third', { types: [{ id: 'slot-1', name: 'A', description, deviceAPI: 'vfio-pci' }] });
    expect(() => bus.registerParent(described('d'.repeat(4096)))).toThrow('EINVAL');
    expect(() => bus.registerParent(described('\u00e4'.repeat(2048)))).toThrow('EINVAL');
    bus.registerParent(described('d'.repeat(4095)));
    expect(bus.parent('third')?.types[0]?.description).toHaveLength(4095);
    await bus.create('slots', 'slot-1', uuid);
    expect(bus.readAttribute(uuid, 'vendor/readonly')).toHaveLength(4095);
  });
});
