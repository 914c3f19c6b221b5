import { describe, expect, it } from 'vitest';
import { answerOf, rig, settle, uuidOf } from '../testing/rig.ts';

const uuid = uuidOf(1);
const sibling = uuidOf(2);
const peer = uuidOf(9);
const qemu = { pid: 42, comm: 'qemu' };
const other = { pid: 43, comm: 'other' };
const nobodyCares = (): void => undefined;

/** A bus with two devices in one group, whose number is returned. */
async function pair() {
  const { bus } = rig({ requiresGroup: true });
  for (const device of [uuid, sibling]) {
    await bus.create('slots', 'slot-1', device);
    await bus.writeAttribute(device, 'peer_to_peer_resource_uuid', peer);
  }
  return { bus, number: bus.device(uuid)?.group ?? -1 };
}

describe("the file of a device's group", () => {
  it('has one opener, who alone may open the devices, any number of times', async () => {
    const { bus, number } = await pair();
    const group = bus.openGroup(number, qemu, nobodyCares);
    expect(group).toMatchObject({ number, user: qemu });
    expect(() => bus.openGroup(number, qemu, nobodyCares)).toThrow('EBUSY');
    expect(() => bus.claim(uuid)).toThrow('EBUSY');
    expect(await answerOf(bus.open(sibling, other))).toBe('EBUSY');
    await using first = await bus.open(uuid, qemu);
    await using second = await bus.open(sibling, qemu);
    expect([first.user, second.user]).toEqual([qemu, qemu]);
  });

  it('is no use of a device: it shows no user, and holds up no removal', async () => {
    const { bus } = rig({ removeWhileOpen: 'refuse' });
    await bus.create('slots', 'slot-1', uuid);
    using _group = bus.openGroup(0, qemu, nobodyCares);
    expect(bus.device(uuid)?.users).toEqual([]);
    expect(await answerOf(bus.remove(uuid))).toBe('ok');
  });

  it('keeps the group until it and the last device are closed, in either order', async () => {
    const { bus, number } = await pair();
    for (const fileFirst of [true, false]) {
      const group = bus.openGroup(number, qemu, nobodyCares);
      const device = await bus.open(uuid, qemu);
      if (fileFirst) group.release();
      else await device.release();
      expect(() => bus.claim(uuid)).toThrow('EBUSY');
      if (fileFirst) await device.release();
      else group.release();
      bus.claim(uuid).release();
    }
  });

  it('closes once: a second release takes nothing from the next opener', async () => {
    const { bus, number } = await pair();
    const group = bus.openGroup(number, qemu, nobodyCares);
    group.release();
    using _next = bus.openGroup(number, other, nobodyCares);
    group.release();
    expect(() => bus.openGroup(number, qemu, nobodyCares)).toThrow('EBUSY');
  });

  it('is not opened while the group is claimed, while a device is open, or where there is no group', async () => {
    const { bus, number } = await pair();
    using claim = bus.claim(uuid);
    expect(() => bus.openGroup(number, qemu, nobodyCares)).toThrow('EBUSY');
    claim.release();
    const device = await bus.open(sibling, qemu);
    expect(() => bus.openGroup(number, qemu, nobodyCares)).toThrow('EBUSY');
    await device.release();
    expect(() => bus.openGroup(number + 1, qemu, nobodyCares)).toThrow('ENOENT');
    expect(() => bus.openGroup(NaN, qemu, nobodyCares)).toThrow('ENOENT');
  });

  it('keeps a device out of another group, and the bus driver on it', async () => {
    const { bus, number } = await pair();
    using _group = bus.openGroup(number, qemu, nobodyCares);
    expect(await answerOf(bus.unbind(uuid))).toBe('EBUSY');
    expect(await answerOf(bus.writeAttribute(uuid, 'peer_to_peer_resource_uuid', uuidOf(8)))).toBe('EBUSY');
  });

  it('outlives the last device, keeps the number taken, and lets no new device in', async () => {
    const { bus, number } = await pair();
    let gone = 0;
    const group = bus.openGroup(number, qemu, () => gone++);
    await bus.remove(uuid);
    expect(gone).toBe(0);
    await bus.remove(sibling);
    expect(gone).toBe(1);
    expect(() => bus.openGroup(number, other, nobodyCares)).toThrow('ENOENT');

    await bus.create('slots', 'slot-1', uuid);
    await bus.writeAttribute(uuid, 'peer_to_peer_resource_uuid', peer);
    const fresh = bus.device(uuid)?.group ?? -1;
    expect(fresh).not.toBe(number);
    group.release();
    // The new group of that peer UUID is still found by it.
    await bus.create('slots', 'slot-1', sibling);
    await bus.writeAttribute(sibling, 'peer_to_peer_resource_uuid', peer);
    expect(bus.device(sibling)?.group).toBe(fresh);
    for (const digit of [3, 4]) await bus.create('slots', 'slot-1', uuidOf(digit));
    expect([3, 4].map((digit) => bus.device(uuidOf(digit))?.group)).toContain(number);
  });

  it('may be closed when told that its last device left, and frees its number once', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const group = bus.openGroup(0, qemu, () => {
      group.release();
    });
    await bus.remove(uuid);
    for (const digit of [4, 5]) await bus.create('slots', 'slot-1', uuidOf(digit));
    expect([4, 5].map((digit) => bus.device(uuidOf(digit))?.group)).toEqual([0, 1]);
  });

  it('is told once the device is unbound, after a removal that waited for the device to be closed', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    let gone = 0;
    using _group = bus.openGroup(0, qemu, () => gone++);
    const device = await bus.open(uuid, qemu);
    const removing = bus.remove(uuid);
    await settle();
    expect(gone).toBe(0);
    await device.release();
    await removing;
    expect(gone).toBe(1);
  });
});
