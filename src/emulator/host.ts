import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { ErrnoError } from '../lib/errno.ts';
import type { Fault, FaultFilter } from './host-faults.ts';
import { Faults, withFaults } from './host-faults.ts';
import { parentInit } from './host-parents.ts';
import { MdevBus } from './mdev/bus.ts';
import { vfioMdev } from './mdev/driver.ts';
import type { OpenDevice } from './mdev/handles.ts';
import type { KernelReport, User } from './mdev/snapshot.ts';
import type { Profile, ProfileParent } from './profile.ts';

export type { Fault, FaultFilter, FaultOperation } from './host-faults.ts';

export interface HostInit {
  readonly clock: Clock;
  /** What the kernel would log. */
  readonly report: (report: KernelReport) => void;
  /** How often a lasting wait is reported, in ms; 10 s if left out. */
  readonly reportInterval?: number;
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

  /** An unbooted host; call `bootHost`. */
  constructor(profile: Profile, init: HostInit) {
    this.bus = new MdevBus({ ...init, power: this.#power.signal });
    this.#parents = new Map(profile.parents.map((parent) => [parent.name, parent]));
  }

  /** The parents of the profile, loaded or not. */
  parentNames(): string[] {
    return [...this.#parents.keys()];
  }

  /** Makes a device that nobody above knows of. Errors as MdevBus.create. */
  async foreignCreate(parent: string, typeID: string, uuid: string, params?: string): Promise<string> {
    return this.bus.create(parent, typeID, uuid, params);
  }

  /** Removes a device behind everybody's back. Errors as MdevBus.remove. */
  async removeByHand(uuid: string): Promise<void> {
    await this.bus.remove(uuid);
  }

  /** Opens a device as the process `user`, until `release` of what it returns. Errors as MdevBus.open. */
  async holdOpen(uuid: string, user: User): Promise<OpenDevice> {
    return this.bus.open(uuid, user);
  }

  /** Unloads a parent's driver: its devices go, open ones are waited for. Errors as MdevBus.unregisterParent. */
  async unloadParent(name: string): Promise<void> {
    await this.bus.unregisterParent(name);
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

  /** Cuts the power: everything that waits inside ends with ENODEV. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#power.abort();
  }
}

/** Boots a host: loads the bus driver and every parent, and makes the profile's devices. @throws Error naming the device that cannot be made */
export async function bootHost(profile: Profile, init: HostInit): Promise<EmulatedHost> {
  const host = new EmulatedHost(profile, init);
  host.bus.registerDriver(vfioMdev);
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
