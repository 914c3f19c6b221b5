import { describe, expect, it } from 'vitest';
import type { Log } from '../kube/log.ts';
import { ManualClock } from '../lib/manual-clock.ts';
import { ProviderError, type Device, type MdevProvider, type ProviderEvent } from '../provider/contract.ts';
import { device, parent, parentType, uuid } from './decide/fixtures.ts';
import { ProviderState } from './provider-state.ts';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const name = '0000:86:00.0';

/** A kernel whose answers and events the test gives; what the state reads is counted. */
class Kernel {
  bootID = 'boot-1';
  devices: Device[] = [];
  available = 16;
  present = true;
  broken = false;
  readonly reads: string[] = [];
  #events: ProviderEvent[] = [{ kind: 'sync' }];
  #wake: (() => void) | undefined;
  /** Called before each answer, to change things in between. */
  before: (call: string) => void = () => undefined;

  tell(event: ProviderEvent): void {
    this.#events.push(event);
    this.#wake?.();
  }

  #answer<T>(call: string, value: () => T): Promise<T> {
    this.before(call);
    this.reads.push(call);
    if (this.broken) return Promise.reject(new ProviderError('EIO', 'connect', 'nobody answers'));
    return Promise.resolve(value());
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    while (!signal.aborted) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
    }
  }

  provider(): MdevProvider {
    const refuse = (): Promise<never> => Promise.reject(new Error('The state only reads'));
    const shown = () => parent({ types: [parentType({ availableInstances: this.available })] });
    return {
      info: () => this.#answer('info', () => ({ kind: 'emulated', bootID: this.bootID })),
      listParents: () => this.#answer('listParents', () => (this.present ? [shown()] : [])),
      getParent: () => {
        if (!this.present) return Promise.reject(new ProviderError('ENODEV', 'list', 'gone'));
        return this.#answer('getParent', shown);
      },
      listDevices: () => this.#answer('listDevices', () => [...this.devices]),
      getDevice: (id) => this.#answer('getDevice', () => this.devices.find((candidate) => candidate.id === id)),
      watch: (signal) => this.#watch(signal),
      create: refuse,
      remove: refuse,
      setAttribute: refuse,
      readAttributes: refuse,
      setOnline: refuse,
      setGroup: refuse,
      users: refuse,
      listUses: refuse,
      close: async () => undefined,
    };
  }
}

interface Started {
  readonly state: ProviderState;
  readonly kernel: Kernel;
  readonly clock: ManualClock;
  readonly heard: string[];
  /** Lets everything happen that needs no time to pass. */
  readonly settle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function start(kernel = new Kernel()): Promise<Started> {
  const clock = new ManualClock();
  const heard: string[] = [];
  const state = new ProviderState({
    provider: kernel.provider(),
    clock,
    random: () => 0.5,
    log: silent,
    onSync: () => heard.push('sync'),
    onParent: (_parent, change) => heard.push(change === 'other' ? 'parent' : change),
    onDevice: (id) => heard.push(`device ${id}`),
    isActingOn: () => false,
  });
  const stop = new AbortController();
  const running = state.run(stop.signal);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await clock.advance(0);
  };
  await settle();
  return {
    state,
    kernel,
    clock,
    heard,
    settle,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

describe('ProviderState', () => {
  it('reads everything at the first sync', async () => {
    const kernel = new Kernel();
    kernel.devices = [device()];
    const { state, heard, stop } = await start(kernel);
    expect(heard).toEqual(['sync']);
    expect(state.bootID).toBe('boot-1');
    expect(state.view(name)?.devices.map(({ id }) => id)).toEqual([uuid]);
    await stop();
  });

  it('reads devices before counts, so that whoever is listed is counted', async () => {
    const { state, kernel, settle, stop } = await start();
    kernel.reads.length = 0;
    kernel.before = (call) => {
      if (call !== 'getDevice') return;
      // The device comes after the look at the devices has begun, and before the look at the counts.
      kernel.available = 15;
    };
    kernel.tell({ kind: 'device', id: uuid, parent: name });
    await settle();
    expect(kernel.reads).toEqual(['getDevice', 'getParent']);
    expect(state.view(name)).toMatchObject({ devices: [], parent: { types: [{ availableInstances: 15 }] } });
    await stop();
  });

  it('says when something has become better, and only then', async () => {
    const { kernel, heard, settle, stop } = await start();
    const change = async (available: number): Promise<string | undefined> => {
      kernel.available = available;
      kernel.tell({ kind: 'parent', parent: name });
      await settle();
      return heard.at(-1);
    };
    expect(await change(15)).toBe('parent');
    expect(await change(15)).toBe('parent');
    expect(await change(16)).toBe('eased');
    await stop();
  });

  it('wakes whoever waits after a removal of ours, whatever the counts say', async () => {
    const { state, heard, settle, stop } = await start();
    state.refresh(name, [uuid], true);
    await settle();
    expect(heard.at(-1)).toBe('eased');
    await stop();
  });

  it('drops a parent that is gone', async () => {
    const { state, kernel, settle, stop } = await start();
    kernel.present = false;
    kernel.tell({ kind: 'parent', parent: name });
    await settle();
    expect(state.view(name)).toBeUndefined();
    await stop();
  });

  it('reads a parent once for many changes at a time, and lists when there are many devices', async () => {
    const { state, kernel, settle, stop } = await start();
    kernel.devices = Array.from({ length: 40 }, (_, index) => device({ id: `device-${index}` }));
    kernel.reads.length = 0;
    for (const { id } of kernel.devices) state.refresh(name, [id]);
    await settle();
    expect(kernel.reads.filter((call) => call === 'getParent').length).toBeLessThanOrEqual(2);
    expect(kernel.reads.filter((call) => call === 'getDevice').length).toBeLessThanOrEqual(1);
    expect(state.view(name)?.devices).toHaveLength(40);
    await stop();
  });

  it('learns from others how a device is, and reads only the counts for it', async () => {
    const { state, kernel, settle, stop } = await start();
    kernel.reads.length = 0;
    state.learn(name, uuid, device(), false);
    await settle();
    expect(kernel.reads).toEqual(['getParent']);
    expect(state.view(name)?.devices.map(({ id }) => id)).toEqual([uuid]);
    state.learn(name, uuid, undefined, true);
    await settle();
    expect(state.view(name)?.devices).toEqual([]);
    await stop();
  });

  it('keeps what it knows while the kernel cannot be reached, and goes on when it can', async () => {
    const { state, kernel, clock, settle, heard, stop } = await start();
    kernel.broken = true;
    kernel.tell({ kind: 'sync' });
    await settle();
    expect(state.view(name)).toBeDefined();
    expect(heard).toEqual(['sync']);
    kernel.broken = false;
    kernel.bootID = 'boot-2';
    await clock.advance(1_000);
    await settle();
    expect(state.bootID).toBe('boot-2');
    expect(heard).toEqual(['sync', 'sync']);
    await stop();
  });

  it('does not mix two boots', async () => {
    const { state, kernel, clock, settle, stop } = await start();
    kernel.before = (call) => {
      if (call === 'listParents') kernel.bootID = 'boot-2';
    };
    kernel.tell({ kind: 'sync' });
    await settle();
    expect(state.bootID).toBe('boot-1');
    await clock.advance(1_000);
    await settle();
    expect(state.bootID).toBe('boot-2');
    await stop();
  });
});
