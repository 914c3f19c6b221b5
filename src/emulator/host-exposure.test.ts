import { describe, expect, it } from 'vitest';
import { ErrnoError } from '../lib/errno.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import type { DeviceExposure } from './exposure.ts';
import type { EmulatedHost } from './host.ts';
import { bootHost } from './host.ts';
import type { KernelReport } from './mdev/snapshot.ts';
import { parseProfile } from './profile.ts';
import { answerOf, settle, uuidOf } from './testing/rig.ts';
import type { ExposedCore } from './threaded-exposure.ts';

const uuid = uuidOf(1);
const user = { pid: 42, comm: 'qemu' };

/** Shows devices to nobody, and keeps what it was asked for. */
class Showcase implements DeviceExposure, AsyncDisposable {
  readonly core: ExposedCore;
  readonly shown = new Map<string, unknown>();
  readonly requested: string[] = [];
  listener: ((uuid: string) => void) | undefined;
  refuse: ErrnoError | undefined;
  ended = false;

  constructor(core: ExposedCore) {
    this.core = core;
  }

  async serve({ uuid }: { readonly uuid: string }, model: unknown): Promise<void> {
    if (this.refuse !== undefined) throw this.refuse;
    this.shown.set(uuid, model);
  }

  async withdraw(uuid: string): Promise<void> {
    this.shown.delete(uuid);
  }

  socketPath(uuid: string): string | undefined {
    return this.shown.has(uuid) ? `/run/${uuid}.sock` : undefined;
  }

  async uses(): Promise<readonly []> {
    return [];
  }

  refusal(): undefined {
    return undefined;
  }

  request(uuid: string): void {
    this.requested.push(uuid);
  }

  subscribe(listener: (uuid: string) => void): () => void {
    this.listener = listener;
    return () => {
      this.listener = undefined;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended = true;
  }
}

interface Stage {
  readonly host: EmulatedHost;
  readonly showcase: Showcase;
  readonly clock: ManualClock;
  readonly reports: KernelReport[];
}

async function boot(removeWhileOpen = 'block'): Promise<Stage> {
  const clock = new ManualClock();
  const reports: KernelReport[] = [];
  const stage: { showcase?: Showcase } = {};
  const host = await bootHost(parseProfile(`parents: [{ name: mtty, model: mtty, removeWhileOpen: ${removeWhileOpen} }]`), {
    clock,
    report: (report) => reports.push(report),
    expose: (core) => (stage.showcase = new Showcase(core)),
  });
  if (stage.showcase === undefined) throw new Error('the host shows nothing');
  return { host, showcase: stage.showcase, clock, reports };
}

describe('a host that shows its devices', () => {
  it('shows a device before its creation is over, and no more before its removal is', async () => {
    const { host, showcase } = await boot();
    await host.bus.create('mtty', 'mtty-2', uuid);
    expect(showcase.shown.get(uuid)).toMatchObject({ model: 'mtty', ports: 2 });
    expect(host.socketPath(uuid)).toBe(`/run/${uuid}.sock`);
    await host.bus.remove(uuid);
    expect(host.socketPath(uuid)).toBeUndefined();
  });

  it('follows the bus driver: an unbound device is not shown', async () => {
    const { host } = await boot();
    await host.bus.create('mtty', 'mtty-1', uuid);
    await host.bus.unbind(uuid);
    expect(host.socketPath(uuid)).toBeUndefined();
    await host.bus.bind(uuid);
    expect(host.socketPath(uuid)).toBeDefined();
  });

  it('has a device that cannot be shown all the same, and reports why', async () => {
    const { host, showcase, reports } = await boot();
    showcase.refuse = new ErrnoError('ENOSPC', 'no room for a socket');
    await host.bus.create('mtty', 'mtty-1', uuid);
    expect(host.bus.device(uuid)).toMatchObject({ state: 'live', busDriver: 'vfio_mdev' });
    expect(reports).toMatchObject([{ kind: 'driver-error', uuid, error: { code: 'ENOSPC' } }]);
  });

  it('lets its users open, by the rules of the core, and hands out the attributes', async () => {
    const { host, showcase } = await boot();
    await host.bus.create('mtty', 'mtty-1', uuid);
    const open = await showcase.core.open(uuid, user);
    expect(host.bus.device(uuid)?.users).toEqual([user]);
    expect(await answerOf(showcase.core.open(uuid, { pid: 43, comm: 'other' }))).toBe('EBUSY');
    expect(showcase.core.attributes(uuid)).toMatchObject({ 'vendor/sample_mdev_dev': `This is MDEV ${uuid}` });
    await open.release();
    expect(host.bus.device(uuid)?.users).toEqual([]);
  });

  it('asks for a device back, as often as its removal is reported to wait', async () => {
    const { host, showcase, clock } = await boot();
    await host.bus.create('mtty', 'mtty-1', uuid);
    const open = await host.bus.open(uuid, user);
    const removal = host.bus.remove(uuid);
    await settle();
    await clock.advance(10_000);
    await clock.advance(10_000);
    expect(showcase.requested).toEqual([uuid, uuid]);
    await open.release();
    await removal;
  });

  it('asks for a device back as soon as somebody removes it, or unloads its driver', async () => {
    for (const away of ['removeByHand', 'unloadParent'] as const) {
      const { host, showcase } = await boot();
      await host.bus.create('mtty', 'mtty-1', uuid);
      const open = await host.bus.open(uuid, user);
      const removal = host[away](away === 'removeByHand' ? uuid : 'mtty');
      expect(showcase.requested).toEqual([uuid]);
      await open.release();
      await removal;
    }
  });

  it('does not ask where a removal is refused, or nobody has the device', async () => {
    const { host, showcase } = await boot('refuse');
    await host.bus.create('mtty', 'mtty-1', uuid);
    const open = await host.bus.open(uuid, user);
    expect(await answerOf(host.removeByHand(uuid))).toBe('EBUSY');
    await open.release();
    await host.removeByHand(uuid);
    expect(showcase.requested).toEqual([]);
  });

  it('tells of opens and closes by hand, and of what the exposure tells', async () => {
    const { host, showcase } = await boot();
    await host.bus.create('mtty', 'mtty-1', uuid);
    const told: string[] = [];
    const stop = host.onUseChanged((changed) => told.push(changed));
    const open = await host.holdOpen(uuid, user);
    expect(told).toEqual([uuid]);
    await open.release();
    expect(told).toEqual([uuid, uuid]);
    showcase.listener?.('other');
    expect(told).toEqual([uuid, uuid, 'other']);
    stop();
    showcase.listener?.('other');
    expect(told).toHaveLength(3);
  });

  it('ends what shows them when the power goes', async () => {
    const { host, showcase } = await boot();
    await host[Symbol.asyncDispose]();
    expect(showcase.ended).toBe(true);
  });
});
