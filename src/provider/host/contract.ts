import type { Fault, FaultFilter } from '../../emulator/host.ts';
import type { Attribute, DeviceState, DeviceUser } from '../contract.ts';

/**
 * The hands of others on the emulated host: what people, other programs and the hardware do behind the agent's back. It goes past
 * the provider, with the emulated kernel's own answers and no checks before them.
 *
 * Every refusal is an ErrnoError with the kernel's errno. Aborting ends the waiting, not what the kernel has begun. There are no
 * deadlines: a removal of an open device waits as long as it is open.
 */
export interface HostControl {
  /** Makes a device that no agent asked for. */
  foreignCreate(request: ForeignCreate, signal: AbortSignal): Promise<void>;
  /** Removes a device as an administrator does, without claiming it before. */
  removeByHand(id: string, signal: AbortSignal): Promise<void>;
  /** Opens a device as the process `user`. The hold ends when it is released, or when the connection it came over breaks. */
  holdOpen(id: string, user: DeviceUser, signal: AbortSignal): Promise<Hold>;
  /** Unloads the driver of a parent; resolves when its last device is gone. */
  unloadParent(name: string, signal: AbortSignal): Promise<void>;
  /** Loads the driver of a parent of the profile again. */
  loadParent(name: string, signal: AbortSignal): Promise<void>;
  /** Makes the driver of a parent fail or hang from now on. */
  injectFault(fault: Fault, signal: AbortSignal): Promise<void>;
  /** Ends the faults that fit the filter; what hangs by them goes on. */
  clearFaults(filter: FaultFilter, signal: AbortSignal): Promise<void>;
  /** Everything there is on the host as of now: what tests judge by. */
  state(signal: AbortSignal): Promise<HostState>;
}

export interface ForeignCreate {
  readonly id: string;
  readonly parent: string;
  readonly typeID: string;
  readonly params?: string;
}

/** A device held open. */
export interface Hold extends AsyncDisposable {
  /** Closes the device; resolves when the driver is done. A second call does nothing. */
  release(): Promise<void>;
  /** Aborts when the hold is over, released or not. */
  readonly over: AbortSignal;
}

export interface HostState {
  readonly bootID: string;
  /** The parents of the profile, by name. */
  readonly parents: readonly HostParent[];
  /** By id. */
  readonly devices: readonly HostDevice[];
  /** The faults that still strike. */
  readonly faults: readonly Fault[];
  /** How many driver operations hang by a fault now. */
  readonly hanging: number;
}

export interface HostParent {
  readonly name: string;
  readonly state: 'live' | 'leaving' | 'unloaded';
  readonly types: readonly { readonly id: string; readonly availableInstances: number; readonly instances: number }[];
}

export interface HostDevice {
  readonly id: string;
  readonly parent: string;
  readonly typeID: string;
  readonly state: DeviceState;
  readonly params?: string;
  readonly online?: boolean;
  readonly group?: number;
  readonly users: readonly DeviceUser[];
  /** Somebody holds the device's group so that nobody can open it. */
  readonly claimed: boolean;
  /** Those that can be read; none unless the device is live. */
  readonly attributes: readonly Attribute[];
}
