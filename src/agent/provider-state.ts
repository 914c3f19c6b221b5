import type { Log } from '../kube/log.ts';
import { noTelemetry, type KubeTelemetry } from '../kube/telemetry.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import { sleep, type Clock } from '../lib/clock.ts';
import { ProviderError, type Device, type MdevProvider, type Parent } from '../provider/contract.ts';

/** One parent with its devices. The devices were read before the counts: whoever is listed here is counted there. */
export interface ParentView {
  readonly parent: Parent;
  readonly devices: readonly Device[];
}

/** `eased`: something that a waiting device may wait for has become better. `leaving`: the parent has begun to leave. */
export type ParentChange = 'eased' | 'leaving' | 'other';

export interface ProviderStateOptions {
  readonly provider: MdevProvider;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: KubeTelemetry;
  /** Everything was read anew: at the start, after a reboot, after events were lost. */
  readonly onSync: () => void;
  /** A parent was read again. */
  readonly onParent: (parent: string, change: ParentChange) => void;
  /** Something happened to a device. */
  readonly onDevice: (id: string) => void;
  /** Whether somebody is changing the device and says with `learn` how it is afterwards, so that it need not be read here. */
  readonly isActingOn: (id: string) => boolean;
}

/** How long after a failure everything is read again, ms. The provider's own `sync` comes earlier where it reconnects. */
const retryDelay = 1_000;
/** From so many changed devices on, one list is cheaper. */
const listInstead = 16;

/** What is to be read again of one parent. */
interface Asked {
  readonly ids: ReadonlySet<string>;
  readonly all: boolean;
  readonly eased: boolean;
}

/** Whether a device that could not be created on `before` may be creatable on `after`. */
function hasEased(before: Parent | undefined, after: Parent): boolean {
  if (before === undefined || (before.leaving && !after.leaving) || before.features.length !== after.features.length) return true;
  const available = new Map(before.types.map((type) => [type.id, type.availableInstances]));
  return after.types.some((type) => type.availableInstances > (available.get(type.id) ?? -1));
}

function eased(asked: Asked, before: Parent | undefined, after: Parent | undefined): ParentChange {
  return asked.eased || (after !== undefined && hasEased(before, after)) ? 'eased' : 'other';
}

async function getParent(provider: MdevProvider, name: string, signal: AbortSignal): Promise<Parent | undefined> {
  try {
    return await provider.getParent(name, signal);
  } catch (error) {
    if (error instanceof ProviderError && error.code === 'ENODEV') return undefined;
    throw error;
  }
}

/**
 * What the provider last said of parents and devices, kept up to date by its events. It is what MdevParents are published
 * from and what waiting devices are woken by; before a device is acted on, it is read afresh.
 */
export class ProviderState {
  readonly #options: ProviderStateOptions;
  readonly #queue: WorkQueue;
  readonly #asked = new Map<string, Asked>();
  readonly #devices = new Map<string, Map<string, Device>>();
  readonly #views = new Map<string, ParentView>();
  #bootID: string | undefined;
  /** Grows each time everything was read: what was read of a parent across that is read again. */
  #epoch = 0;
  /** Parents read again while everything is being read. */
  readonly #overlapped = new Set<string>();
  /** What was learned of the devices of a parent while they are being listed. */
  readonly #learned = new Map<string, Map<string, Device | undefined>>();

  constructor(options: ProviderStateOptions) {
    this.#options = options;
    const { clock, random, log, telemetry = noTelemetry } = options;
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency: 8,
      maxDelay: 5_000,
      onError: (parent, err, delay) => log.warn({ parent, err, delay }, 'cannot read a parent, trying again'),
      telemetry: telemetry.queue('kernel'),
    });
  }

  /** The boot of the kernel; undefined until everything was read once. */
  get bootID(): string | undefined {
    return this.#bootID;
  }

  parentNames(): string[] {
    return [...this.#views.keys()];
  }

  view(parent: string): ParentView | undefined {
    return this.#views.get(parent);
  }

  /** Follows the provider until `signal` is aborted; resolves when nothing is being read any more. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#follow(signal), this.#queue.run((parent, stop) => this.#readParent(parent, stop), signal)]);
  }

  /**
   * Reads the named devices of a parent, then its counts, soon and once for all that ask meanwhile.
   * @param eased true when waiting devices are to be woken whatever the counts say: something of ours was removed
   */
  refresh(parent: string, ids: readonly string[], eased = false): void {
    this.#ask(parent, { ids: new Set(ids), all: false, eased });
  }

  /** Takes over how somebody has just seen a device that it has changed, and reads the counts of the parent. */
  learn(parent: string, id: string, device: Device | undefined, eased: boolean): void {
    const devices = this.#devicesOf(parent);
    if (device?.parent === parent) devices.set(id, device);
    else devices.delete(id);
    this.#learned.get(parent)?.set(id, device);
    this.#overlapped.add(parent);
    this.refresh(parent, [], eased);
  }

  #ask(parent: string, more: Asked): void {
    const { ids, all, eased } = this.#asked.get(parent) ?? { ids: new Set(), all: false, eased: false };
    this.#asked.set(parent, { ids: ids.union(more.ids), all: all || more.all, eased: eased || more.eased });
    this.#queue.add(parent);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#options.provider.watch(signal)) {
        if (event.kind === 'sync' || event.kind === 'boot') await this.#readAll(signal);
        else if (event.kind === 'parent') this.refresh(event.parent, []);
        else {
          const known = [...this.#devices].filter(([, devices]) => devices.has(event.id)).map(([parent]) => parent);
          const parents = new Set(event.parent === undefined ? known : [event.parent, ...known]);
          const ids = this.#options.isActingOn(event.id) ? [] : [event.id];
          for (const parent of parents) this.refresh(parent, ids);
          this.#options.onDevice(event.id);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) throw new Error('The provider ended its stream of changes');
  }

  /** Reads everything until that succeeds. */
  async #readAll(signal: AbortSignal): Promise<void> {
    const { clock, log, onSync } = this.#options;
    for (;;) {
      try {
        await this.#readAllOnce(signal);
        break;
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error }, 'cannot read the state of the node, trying again');
        await sleep(clock, retryDelay, signal);
      }
    }
    onSync();
  }

  async #readAllOnce(signal: AbortSignal): Promise<void> {
    const { provider } = this.#options;
    this.#overlapped.clear();
    const { bootID } = await provider.info(signal);
    const devices = await provider.listDevices(signal);
    const parents = await provider.listParents(signal);
    if ((await provider.info(signal)).bootID !== bootID) throw new Error('Cannot read the node: it rebooted meanwhile');
    this.#epoch += 1;
    this.#bootID = bootID;
    this.#devices.clear();
    this.#views.clear();
    for (const device of devices) this.#devicesOf(device.parent).set(device.id, device);
    for (const parent of parents) this.#views.set(parent.name, { parent, devices: [...this.#devicesOf(parent.name).values()] });
    // Those were read later than the lists, perhaps.
    for (const parent of this.#overlapped) this.#ask(parent, { ids: new Set(), all: true, eased: true });
  }

  async #readParent(name: string, signal: AbortSignal): Promise<void> {
    const asked = this.#asked.get(name);
    if (asked === undefined) return;
    this.#asked.delete(name);
    const epoch = this.#epoch;
    try {
      await this.#readDevices(name, asked, signal);
      // Listed here, before the counts are read.
      const devices = [...this.#devicesOf(name).values()];
      const parent = await getParent(this.#options.provider, name, signal);
      if (epoch !== this.#epoch) {
        this.#ask(name, { ...asked, all: true });
        return;
      }
      this.#overlapped.add(name);
      const before = this.#views.get(name)?.parent;
      if (parent === undefined) this.#views.delete(name);
      else this.#views.set(name, { parent, devices });
      this.#options.onParent(name, parent?.leaving === true && before?.leaving !== true ? 'leaving' : eased(asked, before, parent));
    } catch (error) {
      // Not added to the queue here: it comes again by failing.
      const { ids, all, eased } = this.#asked.get(name) ?? { ids: new Set(), all: false, eased: false };
      this.#asked.set(name, { ids: ids.union(asked.ids), all: all || asked.all, eased: eased || asked.eased });
      throw error;
    }
  }

  async #readDevices(name: string, { ids, all }: Asked, signal: AbortSignal): Promise<void> {
    const { provider } = this.#options;
    if (all || ids.size >= listInstead) {
      const learned = new Map<string, Device | undefined>();
      this.#learned.set(name, learned);
      try {
        const list = await provider.listDevices(signal);
        const devices = this.#devicesOf(name);
        devices.clear();
        for (const device of list) if (device.parent === name && !learned.has(device.id)) devices.set(device.id, device);
        for (const [id, device] of learned) if (device?.parent === name) devices.set(id, device);
      } finally {
        this.#learned.delete(name);
      }
      return;
    }
    for (const id of ids) {
      const device = await provider.getDevice(id, signal);
      const devices = this.#devicesOf(name);
      if (device?.parent === name) devices.set(id, device);
      else devices.delete(id);
    }
  }

  #devicesOf(parent: string): Map<string, Device> {
    const known = this.#devices.get(parent);
    if (known !== undefined) return known;
    const devices = new Map<string, Device>();
    this.#devices.set(parent, devices);
    return devices;
  }
}
