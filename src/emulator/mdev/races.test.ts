import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../../lib/errno.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { answerOf, uuidOf } from '../testing/rig.ts';
import { MdevBus } from './bus.ts';
import type { ParentOps } from './driver.ts';
import { vfioMdev } from './driver.ts';

const slots = 3;

/** A bus whose driver callbacks end in any order, by the scheduler's will. The driver throws when the core breaks its promises. */
function scheduledBus(scheduler: fc.Scheduler) {
  const taken = new Map<string, { opened: boolean; busy: boolean }>();
  const broken: string[] = [];
  /** One callback of a device: alone, and on a device that is there. */
  const callback = async (uuid: string, label: string, act: (state: { opened: boolean; busy: boolean }) => void): Promise<void> => {
    const state = taken.get(uuid);
    if (state === undefined || state.busy) {
      broken.push(`${label} of ${uuid} ${state === undefined ? 'which is not there' : 'during another callback'}`);
      return;
    }
    state.busy = true;
    await scheduler.schedule(Promise.resolve(), label);
    state.busy = false;
    act(state);
  };
  const ops: ParentOps = {
    types: [{ id: 'slot-1', name: 'A slot', deviceAPI: 'vfio-pci', maxInstances: slots }],
    sharing: 'Slots',
    takesParams: false,
    removeWhileOpen: 'block',
    available: () => ({ count: slots - taken.size, reason: 'full' }),
    create: async ({ uuid }) => {
      if (taken.size >= slots) throw new ErrnoError('ENOSPC', 'full');
      if (taken.has(uuid)) broken.push(`create of ${uuid}, which is there`);
      taken.set(uuid, { opened: false, busy: false });
      await callback(uuid, 'create', () => undefined);
    },
    remove: ({ uuid }) =>
      callback(uuid, 'remove', ({ opened }) => {
        if (opened) broken.push(`remove of ${uuid}, which is open`);
        taken.delete(uuid);
      }),
    setOnline: ({ uuid }) => callback(uuid, 'online', () => undefined),
    open: ({ uuid }) =>
      callback(uuid, 'open', (state) => {
        if (state.opened) broken.push(`second first open of ${uuid}`);
        state.opened = true;
      }),
    release: ({ uuid }) =>
      callback(uuid, 'release', (state) => {
        if (!state.opened) broken.push(`release of ${uuid}, which is not open`);
        state.opened = false;
      }),
  };
  const bus = new MdevBus({ clock: new ManualClock(), report: () => undefined, power: new AbortController().signal });
  bus.registerDriver(vfioMdev);
  for (const name of ['a', 'b']) bus.registerParent({ name, driver: 'slot', ops });
  return { bus, taken, broken };
}

const actor = fc.record({
  what: fc.constantFrom('create', 'create', 'remove', 'open', 'online', 'unload'),
  uuid: fc.constantFrom(uuidOf(1), uuidOf(2)),
  parent: fc.constantFrom('a', 'b'),
});

describe('when all happens at once', () => {
  it('exactly one of many creators of one UUID wins, the others get EEXIST', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.constantFrom('a', 'b'), { minLength: 2, maxLength: 6 }), async (scheduler, parents) => {
        const { bus } = scheduledBus(scheduler);
        const creating = Promise.all(parents.map((parent) => answerOf(bus.create(parent, 'slot-1', uuidOf(1)))));
        await scheduler.waitFor(creating);
        const answers = await creating;
        expect(answers.filter((answer) => answer === 'ok')).toHaveLength(1);
        expect(answers.filter((answer) => answer === 'EEXIST')).toHaveLength(parents.length - 1);
      }),
    );
  });

  it('creators of different UUIDs never share a slot', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 6 }), async (scheduler, count) => {
        const { bus } = scheduledBus(scheduler);
        const creating = Promise.all([...Array(count).keys()].map((digit) => answerOf(bus.create('a', 'slot-1', uuidOf(digit)))));
        await scheduler.waitFor(creating);
        expect((await creating).filter((answer) => answer === 'ok')).toHaveLength(Math.min(count, slots));
        expect(bus.devices()).toHaveLength(Math.min(count, slots));
      }),
    );
  });

  it('the core keeps its promises to the driver, and at the end nothing leaks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(actor, { maxLength: 14, size: 'max' }), async (scheduler, actors) => {
        const { bus, taken, broken } = scheduledBus(scheduler);
        const created = new Map<string, number>();
        const removed = new Map<string, number>();
        const count = (map: Map<string, number>, uuid: string): void => void map.set(uuid, (map.get(uuid) ?? 0) + 1);
        bus.uevents.subscribe(({ action, uuid = '' }) => {
          if (action === 'add') count(created, uuid);
          if (action === 'remove') count(removed, uuid);
        });
        const acting = Promise.all(
          actors.map(async ({ what, uuid, parent }, index) => {
            await scheduler.schedule(Promise.resolve(), `start ${index}`);
            if (what === 'create') return answerOf(bus.create(parent, 'slot-1', uuid));
            if (what === 'remove') return answerOf(bus.remove(uuid));
            if (what === 'online') return answerOf(bus.setOnline(uuid, String(index % 2)));
            if (what === 'unload') return answerOf(bus.unregisterParent(parent));
            return answerOf(
              (async () => {
                const handle = await bus.open(uuid, { pid: index % 3, comm: 'c' });
                await scheduler.schedule(Promise.resolve(), `use ${index}`);
                await handle.release();
              })(),
            );
          }),
        );
        await scheduler.waitFor(acting);
        const allowed = ['ok', 'ENOENT', 'ENODEV', 'EEXIST', 'ENOSPC', 'EAGAIN', 'EBUSY'];
        for (const answer of await acting) expect(allowed).toContain(answer);
        expect(broken).toEqual([]);
        const devices = bus.devices();
        expect(devices.every(({ state, users, claimed }) => state === 'live' && users.length === 0 && !claimed)).toBe(true);
        expect(devices.map(({ uuid }) => uuid).sort()).toEqual([...taken.keys()].sort());
        expect(new Set(devices.map(({ group }) => group)).size).toBe(devices.length);
        for (const uuid of created.keys()) expect((created.get(uuid) ?? 0) - (removed.get(uuid) ?? 0)).toBe(taken.has(uuid) ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });
});
