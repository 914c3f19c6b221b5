import { describe, expect, it } from 'vitest';
import { Faults, withFaults } from './host-faults.ts';
import { answerOf } from './testing/rig.ts';
import { SlotDriver } from './testing/slot-driver.ts';

const mdev = { uuid: '12345678-1234-1234-1234-123456789abc', parent: 'p', typeID: 'slot-1', params: undefined };

function faulty() {
  const driver = new SlotDriver();
  const faults = new Faults(new AbortController().signal);
  return { driver, faults, ops: withFaults('p', driver.init('p').ops, faults) };
}

describe('a faulty driver', () => {
  it('frees what it took when its create fails', async () => {
    const { driver, faults, ops } = faulty();
    faults.inject({ parent: 'p', operation: 'create', outcome: 'EIO' });
    expect(await answerOf(ops.create(mdev))).toBe('EIO');
    expect(driver.taken).toBe(0);
  });

  it('keeps everything when it refuses a removal, and frees it by force though it still refuses', async () => {
    const { driver, faults, ops } = faulty();
    await ops.create(mdev);
    faults.inject({ parent: 'p', operation: 'remove', outcome: 'EBUSY' });
    expect(await answerOf(ops.remove(mdev, { force: false }))).toBe('EBUSY');
    expect(driver.taken).toBe(1);
    expect(await answerOf(ops.remove(mdev, { force: true }))).toBe('EBUSY');
    expect(driver.taken).toBe(0);
  });

  it('lets the oldest fault that fits strike first', async () => {
    const { faults, ops } = faulty();
    faults.inject({ parent: 'other', operation: 'create', outcome: 'EPERM' });
    faults.inject({ parent: 'p', operation: 'create', outcome: 'EIO', times: 1 });
    faults.inject({ parent: 'p', operation: 'create', outcome: 'ENOMEM' });
    expect(await answerOf(ops.create(mdev))).toBe('EIO');
    expect(await answerOf(ops.create(mdev))).toBe('ENOMEM');
    expect(await answerOf(ops.create(mdev))).toBe('ENOMEM');
  });
});
