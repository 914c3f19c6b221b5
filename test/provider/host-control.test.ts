import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ErrnoError, type Errno } from '../../src/lib/errno.ts';
import type { HostControl } from '../../src/provider/host/contract.ts';
import { inProcess, overSocket } from './emulated-subjects.ts';
import { patient, until } from './support.ts';

const mtty = { parent: 'mtty', typeID: 'mtty-1' };
const qemu = { pid: 4242, comm: 'qemu-system-x86' };

async function errno(promise: Promise<unknown>): Promise<Errno> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === 'fulfilled') throw new Error('It was not refused');
  expect(outcome.reason).toBeInstanceOf(ErrnoError);
  return (outcome.reason as ErrnoError).code;
}

for (const subject of [inProcess, overSocket])
  describe(`the hands of others ${subject.name}`, () => {
    function trial(sentence: string, body: (control: HostControl) => Promise<void>): void {
      it(sentence, async () => {
        await using fixture = await subject.open();
        await body(fixture.control);
      });
    }

    trial('see everything there is', async (control) => {
      const id = randomUUID();
      await control.foreignCreate({ id, parent: 'matrix', typeID: 'vfio_ap-passthrough' }, patient);
      const held = await control.holdOpen(id, qemu, patient);
      await control.unloadParent('mtty', patient);
      await control.injectFault({ parent: 'mtty', operation: 'remove', outcome: 'EIO', times: 2 }, patient);
      const state = await control.state(patient);
      expect(state.parents.map(({ name, state }) => `${name} ${state}`)).toEqual([
        '0.0.0313 live',
        '0000:00:02.0 live',
        '0000:86:00.0 live',
        'matrix live',
        'mtty unloaded',
      ]);
      expect(state.parents[3]?.types).toEqual([{ id: 'vfio_ap-passthrough', availableInstances: 7, instances: 1 }]);
      expect(state.devices).toMatchObject([
        { id, parent: 'matrix', typeID: 'vfio_ap-passthrough', state: 'live', users: [qemu], claimed: false },
      ]);
      expect(state.devices[0]?.attributes).toContainEqual({ name: 'matrix', value: '' });
      expect(state.faults).toEqual([{ parent: 'mtty', operation: 'remove', outcome: 'EIO', times: 2 }]);
      expect(state.hanging).toBe(0);
      await held.release();
    });

    trial("are refused with the kernel's own errno", async (control) => {
      const id = randomUUID();
      expect(await errno(control.foreignCreate({ id: 'x', ...mtty }, patient))).toBe('EINVAL');
      expect(await errno(control.foreignCreate({ id, parent: 'mtty', typeID: 'no-1' }, patient))).toBe('ENOENT');
      await control.foreignCreate({ id, ...mtty }, patient);
      expect(await errno(control.foreignCreate({ id, ...mtty }, patient))).toBe('EEXIST');
      expect(await errno(control.removeByHand(randomUUID(), patient))).toBe('ENOENT');
      expect(await errno(control.holdOpen(randomUUID(), qemu, patient))).toBe('ENOENT');
      expect(await errno(control.unloadParent('nothing', patient))).toBe('ENOENT');
      expect(await errno(control.loadParent('mtty', patient))).toBe('EEXIST');
      expect(await errno(control.injectFault({ parent: 'nothing', operation: 'open', outcome: 'EIO' }, patient))).toBe('ENOENT');
    });

    trial('hold a device against another process, not against themselves, and let go', async (control) => {
      const id = randomUUID();
      await control.foreignCreate({ id, ...mtty }, patient);
      const one = await control.holdOpen(id, qemu, patient);
      const two = await control.holdOpen(id, qemu, patient);
      expect(await errno(control.holdOpen(id, { pid: 1, comm: 'init' }, patient))).toBe('EBUSY');
      expect(one.over.aborted).toBe(false);
      await one.release();
      await one.release();
      expect(one.over.aborted).toBe(true);
      expect((await control.state(patient)).devices).toMatchObject([{ users: [qemu] }]);
      await two.release();
      expect((await control.state(patient)).devices).toMatchObject([{ users: [] }]);
    });

    trial('wait with a removal until the device is closed', async (control) => {
      const id = randomUUID();
      await control.foreignCreate({ id, ...mtty }, patient);
      const held = await control.holdOpen(id, qemu, patient);
      const removal = control.removeByHand(id, patient);
      await until(
        () => control.state(patient),
        ({ devices }) => devices[0]?.state === 'removing',
      );
      await held.release();
      await removal;
      expect((await control.state(patient)).devices).toEqual([]);
    });

    trial('that stop waiting for an open do not have the device when the driver opens it later', async (control) => {
      const id = randomUUID();
      await control.foreignCreate({ id, ...mtty }, patient);
      await control.injectFault({ parent: 'mtty', operation: 'open', outcome: 'hang' }, patient);
      const abort = new AbortController();
      const opening = expect(control.holdOpen(id, qemu, abort.signal)).rejects.toThrow('enough');
      await until(
        () => control.state(patient),
        ({ hanging }) => hanging === 1,
      );
      abort.abort(new Error('enough'));
      await opening;
      await control.clearFaults({}, patient);
      await until(
        () => control.state(patient),
        ({ devices }) => devices[0]?.users.length === 0,
      );
      await (await control.holdOpen(id, { pid: 1, comm: 'init' }, patient)).release();
    });

    trial('heal what they struck, one parent or operation at a time', async (control) => {
      for (const operation of ['create', 'remove'] as const)
        for (const parent of ['mtty', 'matrix']) await control.injectFault({ parent, operation, outcome: 'EIO' }, patient);
      await control.clearFaults({ parent: 'mtty', operation: 'create' }, patient);
      await control.clearFaults({ operation: 'remove' }, patient);
      expect((await control.state(patient)).faults).toEqual([{ parent: 'matrix', operation: 'create', outcome: 'EIO' }]);
    });
  });

describe('a hold over a socket', () => {
  it('ends when the connection breaks', async () => {
    await using fixture = await overSocket.open();
    const id = randomUUID();
    await fixture.control.foreignCreate({ id, ...mtty }, patient);
    const held = await fixture.control.holdOpen(id, qemu, patient);
    await fixture.breakConnection();
    await until(
      async () => held.over.aborted,
      (over) => over,
    );
    await until(
      () => fixture.provider.users(id, patient),
      ({ inUse }) => !inUse,
    );
    await held.release();
  });
});
