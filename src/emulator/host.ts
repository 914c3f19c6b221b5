import type { Clock } from '../lib/clock.ts';
import type { Errno } from '../lib/errno.ts';
import type { MdevBus, OpenDevice } from './mdev/bus.ts';
import type { KernelReport, User } from './mdev/snapshot.ts';

export type FaultOperation = 'create' | 'remove' | 'online' | 'attribute' | 'open';

/** A driver that misbehaves: its operation fails with an errno, or hangs until the fault is cleared. */
export interface Fault {
  readonly parent: string;
  readonly operation: FaultOperation;
  readonly outcome: Errno | 'hang';
  /** How many operations it strikes; all until cleared, if left out. */
  readonly times?: number;
}

export interface HostInit {
  readonly clock: Clock;
  readonly report: (report: KernelReport) => void;
  readonly reportInterval?: number;
}

/** The contract of the emulated host; `bootHost(profile, init): Promise<EmulatedHost>` makes one (being written). */
export interface EmulatedHostContract extends AsyncDisposable {
  /** A new UUID at each boot. */
  readonly bootID: string;
  readonly bus: MdevBus;
  /** Names of the profile's parents, loaded or not. */
  parentNames(): string[];
  foreignCreate(parent: string, typeID: string, uuid: string): Promise<void>;
  removeByHand(uuid: string): Promise<void>;
  holdOpen(uuid: string, user: User): Promise<OpenDevice>;
  unloadParent(name: string): Promise<void>;
  loadParent(name: string): Promise<void>;
  injectFault(fault: Fault): void;
  clearFaults(filter?: { readonly parent?: string; readonly operation?: FaultOperation }): void;
  faults(): readonly Fault[];
}
