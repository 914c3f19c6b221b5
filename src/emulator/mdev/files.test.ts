import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { answerOf, rig, settle, uuidOf } from '../testing/rig.ts';
import { SlotDriver } from '../testing/slot-driver.ts';

const uuid = uuidOf(1);
const user = { pid: 42, comm: 'qemu' };

describe('online', () => {
  it.each(['1', '1\n'])('takes %j, and announces it after the driver is done', async (text) => {
    const { bus, driver, actions } = rig();
    await bus.create('slots', 'slot-1', uuid);
    actions();
    const goOn = driver.stop('setOnline');
    const switching = bus.setOnline(uuid, text);
    await settle();
    expect(actions()).toEqual([]);
    expect(bus.device(uuid)?.online).toBe(false);
    goOn();
    await switching;
    expect(actions()).toEqual(['online']);
    expect(bus.device(uuid)?.online).toBe(true);
    await bus.setOnline(uuid, '0');
    expect(actions()).toEqual(['offline']);
  });

  it('does nothing where nothing changes', async () => {
    const { bus, driver, actions } = rig();
    await bus.create('slots', 'slot-1', uuid);
    actions();
    await bus.setOnline(uuid, '0');
    await bus.setOnline(uuid, '1');
    await bus.setOnline(uuid, '1');
    expect(driver.calls.filter((call) => call.startsWith('setOnline'))).toHaveLength(1);
    expect(actions()).toEqual(['online']);
  });

  it('stays as it was, without a uevent, when the driver fails', async () => {
    const { bus, driver, actions } = rig();
    await bus.create('slots', 'slot-1', uuid);
    actions();
    driver.fail('setOnline', new ErrnoError('ENOMEM', 'no memory'));
    expect(await answerOf(bus.setOnline(uuid, '1'))).toBe('ENOMEM');
    expect(bus.device(uuid)?.online).toBe(false);
    expect(actions()).toEqual([]);
  });

  it('does not take an open device offline', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    await bus.setOnline(uuid, '1');
    const handle = await bus.open(uuid, user);
    expect(await answerOf(bus.setOnline(uuid, '0'))).toBe('EBUSY');
    await handle.release();
    expect(await answerOf(bus.setOnline(uuid, '0'))).toBe('ok');
  });

  it('shows nothing where the driver has no such operation', async () => {
    const { bus } = rig();
    const { setOnline: _, ...ops } = new SlotDriver().init('third').ops;
    bus.registerParent({ name: 'third', driver: 'slot', ops });
    await bus.create('third', 'slot-1', uuid);
    expect(bus.device(uuid)?.online).toBeUndefined();
    expect(bus.parent('third')?.features.online).toBe(false);
  });
});

describe('vendor attributes', () => {
  it('are listed, read and written through the driver, newline and all', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    expect(bus.attributeNames(uuid)).toEqual(['vendor/value', 'vendor/readonly', 'vendor/writeonly']);
    await bus.writeAttribute(uuid, 'vendor/value', '5\n');
    expect(driver.value).toBe('5\n');
    expect(bus.readAttribute(uuid, 'vendor/value')).toBe('5\n');
  });

  it("fail with the driver's own errno", async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    driver.fail('write', new ErrnoError('ERANGE', 'too far'));
    expect(await answerOf(bus.writeAttribute(uuid, 'vendor/value', 'x'))).toBe('ERANGE');
  });

  it('answer ENOENT where there are none, EACCES where they cannot be written or read, E2BIG past a page', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    expect(await answerOf(bus.writeAttribute(uuid, 'remove', '1'))).toBe('ENOENT');
    expect(await answerOf(bus.writeAttribute(uuidOf(2), 'vendor/value', '1'))).toBe('ENOENT');
    expect(await answerOf(bus.writeAttribute(uuid, 'vendor/readonly', '1'))).toBe('EACCES');
    expect(() => bus.readAttribute(uuid, 'vendor/writeonly')).toThrow('EACCES');
    expect(await answerOf(bus.writeAttribute(uuid, 'vendor/value', 'x'.repeat(4097)))).toBe('E2BIG');
    expect(await answerOf(bus.writeAttribute(uuid, 'vendor/value', 'x'.repeat(4096)))).toBe('ok');
  });

  it('of a parent work alike', async () => {
    const { bus } = rig();
    let value = 'a';
    const attributes = [
      {
        name: 'level',
        read: () => value,
        write: (text: string) => {
          value = text;
        },
      },
    ];
    bus.registerParent(new SlotDriver().init('third', { attributes }));
    await bus.writeParentAttribute('third', 'level', 'b');
    expect(bus.readParentAttribute('third', 'level')).toBe('b');
    expect(() => bus.readParentAttribute('third', 'depth')).toThrow('ENOENT');
    expect(await answerOf(bus.writeParentAttribute('nobody', 'level', 'b'))).toBe('ENOENT');
  });
});

describe('peer_to_peer_resource_uuid', () => {
  const peer = 'peer_to_peer_resource_uuid';
  const made = async () => {
    const test = rig({ requiresGroup: true });
    for (const digit of [1, 2, 3]) await test.bus.create('slots', 'slot-1', uuidOf(digit));
    test.actions();
    return test;
  };

  it('is there only on devices whose type requires a group, and differs on each', async () => {
    const { bus } = await made();
    await bus.create('other', 'slot-1', uuidOf(4));
    expect(bus.attributeNames(uuidOf(4))).not.toContain(peer);
    expect(bus.parent('slots')?.types[0]?.requiresGroup).toBe(true);
    const values = [1, 2, 3].map((digit) => bus.readAttribute(uuidOf(digit), peer));
    expect(new Set(values).size).toBe(3);
    expect([1, 2, 3].map((digit) => bus.device(uuidOf(digit))?.group)).toEqual([0, 1, 2]);
  });

  it('puts devices that share it into one group, which one process then has as a whole', async () => {
    const { bus, actions } = await made();
    await bus.writeAttribute(uuidOf(2), peer, `${bus.readAttribute(uuidOf(1), peer).toUpperCase()}\n`);
    expect(actions()).toEqual(['change']);
    expect(bus.device(uuidOf(2))?.group).toBe(0);
    const handle = await bus.open(uuidOf(1), user);
    expect(await answerOf(bus.open(uuidOf(2), { pid: 1, comm: 'x' }))).toBe('EBUSY');
    expect(() => bus.claim(uuidOf(2))).toThrow('EBUSY');
    await using second = await bus.open(uuidOf(2), user);
    expect(second.uuid).toBe(uuidOf(2));
    expect(bus.device(uuidOf(3))?.users).toEqual([]);
    await handle.release();
    expect(bus.device(uuidOf(1))?.users).toEqual([]);
    expect(() => bus.claim(uuidOf(1))).toThrow('EBUSY');
  });

  it('cannot be changed while a member of the old or the new group is open or claimed', async () => {
    const { bus } = await made();
    const first = bus.readAttribute(uuidOf(1), peer);
    const own = bus.readAttribute(uuidOf(2), peer);
    const handle = await bus.open(uuidOf(1), user);
    expect(await answerOf(bus.writeAttribute(uuidOf(2), peer, first))).toBe('EBUSY');
    expect(await answerOf(bus.writeAttribute(uuidOf(1), peer, own))).toBe('EBUSY');
    expect(bus.readAttribute(uuidOf(2), peer)).toBe(own);
    await handle.release();
    using claim = bus.claim(uuidOf(3));
    expect(claim.uuid).toBe(uuidOf(3));
    expect(await answerOf(bus.writeAttribute(uuidOf(3), peer, first))).toBe('EBUSY');
    expect(await answerOf(bus.writeAttribute(uuidOf(2), peer, first))).toBe('ok');
  });

  it('answers EINVAL for what is no UUID', async () => {
    const { bus } = await made();
    expect(await answerOf(bus.writeAttribute(uuid, peer, 'group-1'))).toBe('EINVAL');
  });

  it('frees a group with its last member', async () => {
    const { bus } = await made();
    const first = bus.readAttribute(uuidOf(1), peer);
    await bus.writeAttribute(uuidOf(2), peer, first);
    await bus.remove(uuidOf(1));
    expect(bus.device(uuidOf(2))?.group).toBe(0);
    await bus.remove(uuidOf(2));
    await bus.create('slots', 'slot-1', uuidOf(1));
    expect(bus.device(uuidOf(1))?.group).toBe(0);
  });
});
