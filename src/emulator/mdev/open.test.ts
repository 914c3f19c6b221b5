import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { answerOf, rig, settle, uuidOf } from '../testing/rig.ts';

const uuid = uuidOf(1);
const qemu = { pid: 42, comm: 'qemu' };
const other = { pid: 43, comm: 'other' };

describe('opening a device', () => {
  it('commits resources at the first open and frees them at the last close', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const first = await bus.open(uuid, qemu);
    const second = await bus.open(uuid, qemu);
    await first.release();
    expect(bus.device(uuid)?.users).toEqual([qemu]);
    expect(driver.calls.slice(1)).toEqual([`open ${uuid}`]);
    await second.release();
    expect(bus.device(uuid)?.users).toEqual([]);
    expect(driver.calls.slice(1)).toEqual([`open ${uuid}`, `release ${uuid}`]);
  });

  it('has one user a group: another process is EBUSY until the last close', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const handle = await bus.open(uuid, qemu);
    expect(await answerOf(bus.open(uuid, other))).toBe('EBUSY');
    expect(() => bus.claim(uuid)).toThrow('EBUSY');
    await handle.release();
    expect(await answerOf(bus.open(uuid, other))).toBe('ok');
  });

  it('answers ENOENT for what is not there', async () => {
    const { bus } = rig();
    expect(await answerOf(bus.open(uuid, qemu))).toBe('ENOENT');
    expect(() => bus.claim(uuid)).toThrow('ENOENT');
  });

  it('leaves no trace when the driver fails, and the next open tries again', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    driver.fail('open', new ErrnoError('ENOMEM', 'no channels left'));
    expect(await answerOf(bus.open(uuid, qemu))).toBe('ENOMEM');
    expect(bus.device(uuid)?.users).toEqual([]);
    driver.fail('open', undefined);
    await using handle = await bus.open(uuid, other);
    expect(handle.user).toEqual(other);
    expect(driver.calls.filter((call) => call.startsWith('open'))).toHaveLength(2);
  });

  it('counts as use from the moment it is asked for until the driver has let go', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const goOn = driver.stop('open');
    const opening = bus.open(uuid, qemu);
    await settle();
    expect(() => bus.claim(uuid)).toThrow('EBUSY');
    goOn();
    const handle = await opening;
    const letGo = driver.stop('release');
    const releasing = handle.release();
    await settle();
    expect(() => bus.claim(uuid)).toThrow('EBUSY');
    letGo();
    await releasing;
    bus.claim(uuid).release();
  });

  it('does not commit twice when a process opens while its last close is under way', async () => {
    const { bus, driver } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const handle = await bus.open(uuid, qemu);
    const letGo = driver.stop('release');
    const releasing = handle.release();
    const again = bus.open(uuid, qemu);
    await settle();
    letGo();
    await releasing;
    await (await again).release();
    expect(driver.calls.slice(1).map((call) => call.split(' ')[0])).toEqual(['open', 'release', 'open', 'release']);
  });

  it('is closed once: a second release is EBADF, disposing after it nothing', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    await using handle = await bus.open(uuid, qemu);
    await handle.release();
    expect(await answerOf(handle.release())).toBe('EBADF');
  });

  it('is over after a release that the driver fails, which is reported', async () => {
    const { bus, driver, reports } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const handle = await bus.open(uuid, qemu);
    const error = new ErrnoError('EIO', 'the hardware does not answer');
    driver.fail('release', error);
    await handle.release();
    expect(bus.device(uuid)?.users).toEqual([]);
    expect(reports).toEqual([{ kind: 'driver-error', uuid, step: 'release', error }]);
  });
});

describe('a claim', () => {
  it('keeps everybody out, other claims too, until it is released', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const claim = bus.claim(uuid);
    expect(bus.device(uuid)?.claimed).toBe(true);
    expect(await answerOf(bus.open(uuid, qemu))).toBe('EBUSY');
    expect(() => bus.claim(uuid)).toThrow('EBUSY');
    claim.release();
    expect(bus.device(uuid)?.claimed).toBe(false);
    expect(await answerOf(bus.open(uuid, qemu))).toBe('ok');
  });

  it('released twice takes nothing from the next one who claims', async () => {
    const { bus } = rig();
    await bus.create('slots', 'slot-1', uuid);
    const claim = bus.claim(uuid);
    claim.release();
    using next = bus.claim(uuid);
    claim.release();
    expect(next.uuid).toBe(uuid);
    expect(await answerOf(bus.open(uuid, qemu))).toBe('EBUSY');
  });
});
