import { describe, expect, it } from 'vitest';
import { ManualClock } from '../lib/manual-clock.ts';
import type { Fault } from './host.ts';
import { bootHost } from './host.ts';
import { parseProfile } from './profile.ts';
import { answerOf, settle, uuidOf } from './testing/rig.ts';

const uuid = uuidOf(1);
const type = 'i915-GVTg_V5_4';
const text = `
parents:
  - name: gpu
    model: gvt
    memoryMiB: 512
    types: [{ id: ${type}, name: A, memoryMiB: 256, resolution: 1x1 }]
  - { name: mtty, model: mtty }
`;

async function boot(devices = '') {
  const host = await bootHost(parseProfile(text + devices), { clock: new ManualClock(), report: () => undefined });
  const left = (): number | undefined => host.bus.parent('gpu')?.types[0]?.availableInstances;
  return { host, left };
}

describe('an emulated host', () => {
  it('boots with its parents and the devices that others made, under a new boot ID each time', async () => {
    const devices = `devices: [{ uuid: ${uuid.toUpperCase()}, parent: gpu, type: ${type}, params: abc }]`;
    const { host, left } = await boot(devices);
    expect(host.parentNames()).toEqual(['gpu', 'mtty']);
    expect(host.bus.device(uuid)).toMatchObject({ state: 'live', parent: 'gpu', params: 'abc' });
    expect(left()).toBe(1);
    expect((await boot()).host.bootID).not.toBe(host.bootID);
  });

  it('does not boot with a device that does not fit, and names it', async () => {
    const devices = `devices: [{ uuid: ${uuid}, parent: gpu, type: i915-x }]`;
    await expect(boot(devices)).rejects.toThrow(`Cannot make devices[0] of the profile, ${uuid} on gpu: ENOENT`);
  });

  it('has hands: others create, remove and hold open', async () => {
    const { host, left } = await boot();
    expect(await host.foreignCreate('gpu', type, uuid)).toBe(uuid);
    const handle = await host.holdOpen(uuid, { pid: 4711, comm: 'qemu' });
    expect(host.bus.device(uuid)?.users).toEqual([{ pid: 4711, comm: 'qemu' }]);
    const removing = host.removeByHand(uuid);
    await settle();
    expect(host.bus.device(uuid)?.state).toBe('removing');
    await handle.release();
    await removing;
    expect(left()).toBe(2);
  });

  it('unloads a parent with its devices, and loads it empty', async () => {
    const { host, left } = await boot();
    await host.foreignCreate('gpu', type, uuid);
    await host.unloadParent('gpu');
    expect(host.bus.devices()).toEqual([]);
    expect(host.bus.parents().map(({ name }) => name)).toEqual(['mtty']);
    expect(await answerOf(host.unloadParent('gpu'))).toBe('ENOENT');
    await host.loadParent('gpu');
    expect(await answerOf(host.loadParent('gpu'))).toBe('EEXIST');
    expect(await answerOf(host.loadParent('nobody'))).toBe('ENOENT');
    expect(left()).toBe(2);
  });
});

describe('an injected fault', () => {
  it.each([
    ['create', 'EIO'],
    ['remove', 'EBUSY'],
    ['online', 'ENOMEM'],
    ['attribute', 'EINVAL'],
    ['open', 'EACCES'],
  ] as const)('makes %s fail as often as asked, and leaves nothing half done', async (operation, outcome) => {
    const { host, left } = await boot();
    const { bus } = host;
    if (operation !== 'create') await host.foreignCreate('gpu', type, uuid);
    const before = [bus.devices(), left()];
    const act = (): Promise<unknown> => {
      switch (operation) {
        case 'create':
          return host.foreignCreate('gpu', type, uuid);
        case 'remove':
          return host.removeByHand(uuid);
        case 'online':
          return bus.setOnline(uuid, '1');
        case 'attribute':
          return bus.writeAttribute(uuid, 'intel_vgpu/weight', '2');
        case 'open':
          return host.holdOpen(uuid, { pid: 1, comm: 'x' });
      }
    };
    host.injectFault({ parent: 'gpu', operation, outcome, times: 2 });
    expect(await answerOf(act())).toBe(outcome);
    expect(host.faults()).toEqual([{ parent: 'gpu', operation, outcome, times: 1 }]);
    expect(await answerOf(act())).toBe(outcome);
    expect([bus.devices(), left()]).toEqual(before);
    expect(host.faults()).toEqual([]);
    expect(await answerOf(act())).toBe('ok');
  });

  it('strikes its own parent and operation only, until it is cleared', async () => {
    const { host } = await boot();
    const fault: Fault = { parent: 'mtty', operation: 'create', outcome: 'EIO' };
    host.injectFault(fault);
    expect(await answerOf(host.foreignCreate('gpu', type, uuid))).toBe('ok');
    expect(await answerOf(host.foreignCreate('mtty', 'mtty-1', uuidOf(2)))).toBe('EIO');
    host.clearFaults({ parent: 'gpu' });
    host.clearFaults({ operation: 'remove' });
    expect(host.faults()).toEqual([fault]);
    host.clearFaults({ parent: 'mtty', operation: 'create' });
    expect(await answerOf(host.foreignCreate('mtty', 'mtty-1', uuidOf(2)))).toBe('ok');
  });

  it('can hang a creation, which holds its slot and its UUID until the fault is cleared', async () => {
    const { host, left } = await boot();
    host.injectFault({ parent: 'gpu', operation: 'create', outcome: 'hang', times: 1 });
    const creating = host.foreignCreate('gpu', type, uuid);
    await settle();
    expect(host.hanging).toBe(1);
    expect(host.bus.device(uuid)?.state).toBe('creating');
    expect(left()).toBe(1);
    expect(await answerOf(host.foreignCreate('mtty', 'mtty-1', uuid))).toBe('EEXIST');
    expect(await answerOf(host.removeByHand(uuid))).toBe('EAGAIN');
    host.clearFaults();
    await creating;
    expect(host.hanging).toBe(0);
    expect(host.bus.device(uuid)?.state).toBe('live');
  });

  it('can hang a removal, and an unload behind it, which go on when it is cleared', async () => {
    const { host, left } = await boot();
    await host.foreignCreate('gpu', type, uuid);
    host.injectFault({ parent: 'gpu', operation: 'remove', outcome: 'hang' });
    const removing = host.removeByHand(uuid);
    const unloading = host.unloadParent('gpu');
    await settle();
    expect(host.bus.parent('gpu')?.waitingFor).toEqual([{ uuid, state: 'removing', users: [] }]);
    host.clearFaults({ parent: 'gpu' });
    await Promise.all([removing, unloading]);
    await host.loadParent('gpu');
    expect(left()).toBe(2);
  });

  it('does not keep a parent from being unloaded: what the driver refuses is freed by force', async () => {
    const { host, left } = await boot();
    await host.foreignCreate('gpu', type, uuid);
    host.injectFault({ parent: 'gpu', operation: 'remove', outcome: 'EBUSY' });
    await host.unloadParent('gpu');
    expect(host.bus.devices()).toEqual([]);
    await host.loadParent('gpu');
    expect(left()).toBe(2);
  });

  it('ends with ENODEV, for all that hangs, when the host goes down', async () => {
    const { host } = await boot();
    host.injectFault({ parent: 'gpu', operation: 'create', outcome: 'hang' });
    const creating = answerOf(host.foreignCreate('gpu', type, uuid));
    await settle();
    await host[Symbol.asyncDispose]();
    expect(await creating).toBe('ENODEV');
    expect(await answerOf(host.foreignCreate('gpu', type, uuidOf(2)))).toBe('ENODEV');
  });

  it('is refused for a parent that the profile lacks, and for a senseless number of times', async () => {
    const { host } = await boot();
    expect(() => host.injectFault({ parent: 'nobody', operation: 'create', outcome: 'EIO' })).toThrow('ENOENT');
    for (const times of [0, -1, 1.5, NaN]) {
      expect(() => host.injectFault({ parent: 'gpu', operation: 'create', outcome: 'EIO', times })).toThrow('EINVAL');
    }
  });
});
