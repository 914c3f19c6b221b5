import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { ErrnoError } from '../lib/errno.ts';
import type { Fault, FaultFilter } from './host-faults.ts';
import { Faults, withFaults } from './host-faults.ts';
import type { DeviceExposure } from './exposure.ts';
import { modelSpec } from './host-models.ts';
import { parentInit } from './host-parents.ts';
import { MdevBus } from './mdev/bus.ts';
import type { MdevIdentity } from './mdev/driver.ts';
import { vfioMdev } from './mdev/driver.ts';
import type { OpenDevice } from './mdev/handles.ts';
import type { KernelReport, User } from './mdev/snapshot.ts';
import type { Profile, ProfileParent } from './profile.ts';
import { readableAttributes } from './readable-attributes.ts';
import type { ExposedCore } from './threaded-exposure.ts';
import type { DeviceUse, PinRefusal } from './vfio-user/thread-protocol.ts';

export type { Fault, FaultFilter, FaultOperation } from './host-faults.ts';

export interface HostInit {
  readonly clock: Clock;
  /** What the kernel would log. */
  readonly report: (report: KernelReport) => void;
  /** How often a lasting wait is reported, in ms; 10 s if left out. */
  readonly reportInterval?: number;
  /** Makes what shows the devices to other programs; without it they are shown to nobody. Disposed of with the host. */
  readonly expose?: (core: ExposedCore) => DeviceExposure & AsyncDisposable;
}

/**
 * A booted host: an mdev bus with the profile's parents, and the hands of others on it. Whatever state it has goes with it, as in a
 * reboot. All refusals are ErrnoError.
 */
export class EmulatedHost implements AsyncDisposable {
  /** A new one at each boot. */
  readonly bootID = randomUUID();
  readonly bus: MdevBus;
  readonly #power = new AbortController();
  readonly #faults = new Faults(this.#power.signal);
  readonly #parents: ReadonlyMap<string, ProfileParent>;
  readonly #init: HostInit;
  readonly #exposure: (DeviceExposure & AsyncDisposable) | undefined;
  readonly #useListeners = new Set<(uuid: string) => void>();

  /** An unbooted host; call `bootHost`. */
  constructor(profile: Profile, init: HostInit) {
    this.#init = init;
    this.bus = new MdevBus({ ...init, report: (report) => this.#report(report), power: this.#power.signal });
    this.#parents = new Map(profile.parents.map((parent) => [parent.name, parent]));
    this.#exposure = init.expose?.({
      open: (uuid, user) => this.bus.open(uuid, user),
      attributes: (uuid) => Object.fromEntries(readableAttributes(this.bus, uuid).map(({ name, value }) => [name, value])),
    });
    this.#exposure?.subscribe((uuid) => this.#useChanged(uuid));
  }

  /** The parents of the profile, loaded or not. */
  parentNames(): string[] {
    return [...this.#parents.keys()];
  }

  /** Makes a device that nobody above knows of. Errors as MdevBus.create. */
  async foreignCreate(parent: string, typeID: string, uuid: string, params?: string): Promise<string> {
    return this.bus.create(parent, typeID, uuid, params);
  }

  /** Removes a device behind everybody's back; who has it open is asked to let go. Errors as MdevBus.remove. */
  async removeByHand(uuid: string): Promise<void> {
    const removal = this.bus.remove(uuid);
    const device = this.bus.device(uuid);
    if (device?.state === 'removing' && device.users.length > 0) this.#exposure?.request(uuid);
    await removal;
  }

  /** Opens a device as the process `user`, until `release` of what it returns. Errors as MdevBus.open. */
  async holdOpen(uuid: string, user: User): Promise<OpenDevice> {
    const open = await this.bus.open(uuid, user);
    this.#useChanged(uuid);
    const told = async (close: () => Promise<void>): Promise<void> => {
      await close();
      this.#useChanged(uuid);
    };
    return {
      uuid,
      user,
      release: () => told(() => open.release()),
      [Symbol.asyncDispose]: () => told(async () => open[Symbol.asyncDispose]()),
    };
  }

  /** What the devices that programs have open have pinned. */
  async uses(): Promise<readonly DeviceUse[]> {
    return (await this.#exposure?.uses()) ?? [];
  }

  /** The last pin that a limit refused, in the life of the device. */
  refusal(uuid: string): PinRefusal | undefined {
    return this.#exposure?.refusal(uuid);
  }

  /** Where programs connect to the device; undefined while it is not shown to any. */
  socketPath(uuid: string): string | undefined {
    return this.#exposure?.socketPath(uuid);
  }

  /** Calls `listener` with the UUID of each device that is opened or closed, or whose pins have changed much; the returned function ends that. */
  onUseChanged(listener: (uuid: string) => void): () => void {
    const entry = (uuid: string): void => listener(uuid);
    this.#useListeners.add(entry);
    return () => {
      this.#useListeners.delete(entry);
    };
  }

  /** Unloads a parent's driver: its devices go, open ones are waited for. Errors as MdevBus.unregisterParent. */
  async unloadParent(name: string): Promise<void> {
    const leaving = this.bus.unregisterParent(name);
    for (const { uuid, users } of this.bus.parent(name)?.waitingFor ?? []) if (users.length > 0) this.#exposure?.request(uuid);
    await leaving;
  }

  /** Loads a parent's driver again, with empty hardware. ENOENT: not in the profile. EEXIST: it is loaded, or still leaving. */
  async loadParent(name: string): Promise<void> {
    const parent = this.#parents.get(name);
    if (parent === undefined) throw new ErrnoError('ENOENT', `the profile has no parent ${name}`);
    const init = parentInit(parent);
    this.bus.registerParent({ ...init, ops: withFaults(name, init.ops, this.#faults) });
  }

  /** Makes a parent's driver misbehave from now on, also after it is loaded anew. ENOENT: not in the profile. EINVAL: times below 1. */
  injectFault(fault: Fault): void {
    if (!this.#parents.has(fault.parent)) throw new ErrnoError('ENOENT', `the profile has no parent ${fault.parent}`);
    this.#faults.inject(fault);
  }

  /** Ends the faults that fit the filter (all, without one); operations that hang by them go on. */
  clearFaults(filter: FaultFilter = {}): void {
    this.#faults.clear(filter);
  }

  /** The faults that still strike. */
  faults(): readonly Fault[] {
    return this.#faults.list();
  }

  /** How many driver operations hang by a fault now. */
  get hanging(): number {
    return this.#faults.hanging;
  }

  /** Loads the bus driver, which shows each device that it is bound to. */
  loadBusDriver(): void {
    const exposure = this.#exposure;
    if (exposure === undefined) {
      this.bus.registerDriver(vfioMdev);
      return;
    }
    this.bus.registerDriver({
      ...vfioMdev,
      probe: (mdev) => this.#serve(exposure, mdev),
      remove: ({ uuid }) => exposure.withdraw(uuid),
    });
  }

  /** Cuts the power: everything that waits inside ends with ENODEV. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#power.abort();
    await this.#exposure?.[Symbol.asyncDispose]();
  }

  async #serve(exposure: DeviceExposure, mdev: MdevIdentity): Promise<void> {
    const parent = this.#parents.get(mdev.parent);
    if (parent === undefined) throw new ErrnoError('ENODEV', `the profile has no parent ${mdev.parent}`);
    try {
      await exposure.serve(mdev, modelSpec(parent, mdev.typeID));
    } catch (error) {
      // The device is whole all the same; it only cannot be connected to.
      this.#report({ kind: 'driver-error', uuid: mdev.uuid, step: 'show to programs', error });
    }
  }

  #report(report: KernelReport): void {
    this.#init.report(report);
    // As the kernel does at each of its reports: ask for the device back.
    if (report.kind === 'removal-waits') this.#exposure?.request(report.uuid);
    if (report.kind === 'parent-waits') for (const { uuid } of report.devices) this.#exposure?.request(uuid);
  }

  #useChanged(uuid: string): void {
    for (const listener of this.#useListeners) listener(uuid);
  }
}

/** Boots a host: loads the bus driver and every parent, and makes the profile's devices. @throws Error naming the device that cannot be made */
export async function bootHost(profile: Profile, init: HostInit): Promise<EmulatedHost> {
  const host = new EmulatedHost(profile, init);
  host.loadBusDriver();
  for (const name of host.parentNames()) await host.loadParent(name);
  for (const [index, { uuid, parent, type, params }] of profile.devices.entries()) {
    try {
      await host.foreignCreate(parent, type, uuid, params);
    } catch (error) {
      throw new Error(
        `Cannot make devices[${index}] of the profile, ${uuid} on ${parent}: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  return host;
}
