import type { Feature, MdevProvider, Sharing } from '../../src/provider/contract.ts';
import type { Errno } from '../../src/lib/errno.ts';

/** A provider that the contract suite is run on, and what is known of the kernel below it. */
export interface Subject {
  readonly name: string;
  readonly parents: readonly KnownParent[];
  /** What cannot be tried here, and why; the tests that need it are listed as skipped with the reason. */
  readonly lacks: Partial<Record<Ability, string>>;
  /** A provider on a kernel without any devices. */
  open(): Promise<Fixture>;
}

/**
 * What a fixture may be unable to do. `leaving`: a parent that is unloaded waits for its devices' users. `refusedRemoval`: a driver can
 * refuse a removal.
 */
export type Ability = 'unload' | 'leaving' | 'faults' | 'refusedRemoval' | 'deadline' | 'reconnect' | 'reboot' | 'users';

/** A parent that the kernel has, with all its devices to be made. */
export interface KnownParent {
  readonly name: string;
  readonly sharing: Sharing;
  readonly features: readonly Feature[];
  /** Every type, and how many fit on the empty parent. */
  readonly types: Readonly<Record<string, number>>;
  /** A type of which at least two devices fit. */
  readonly typeID: string;
  /** Creations in this order, with the counts after each; taken back in reverse they give the same counts. */
  readonly walk: readonly { readonly create: string; readonly counts: Readonly<Record<string, number>> }[];
  readonly attributes?: KnownAttributes;
  /** What cannot be tried on this parent, besides what its subject lacks, and why. */
  readonly lacks?: Subject['lacks'];
}

/** Attributes that devices of `typeID` have. */
export interface KnownAttributes {
  readonly writable?: { readonly name: string; readonly value: string; readonly refused: string };
  readonly readOnly: string;
}

/** The provider, and the hands of others on its kernel. Disposing it takes away every device that was made. */
export interface Fixture extends AsyncDisposable {
  readonly provider: MdevProvider;
  makeForeign(parent: string, typeID: string, id: string): Promise<void>;
  removeByHand(id: string): Promise<void>;
  /** A process of its own, or what stands for one, opens the device. */
  holdOpen(id: string): Promise<Held>;
  unloadParent(name: string): Promise<void>;
  loadParent(name: string): Promise<void>;
  /** Makes the parent's driver fail, or hang, from now on. */
  strike(parent: string, operation: 'create' | 'remove' | 'online' | 'attribute', outcome: Errno | 'hang'): Promise<void>;
  /** Waits until the kernel hangs in a call about the device that has been made. */
  hung(id: string, operation: 'online' | 'attribute'): Promise<void>;
  /** Ends what `strike` began; what hangs goes on. */
  heal(): Promise<void>;
  /** Lets `ms` pass for provider and kernel. */
  pass(ms: number): Promise<void>;
  /** Breaks the provider's connection; the kernel lives on and can be reached again. */
  breakConnection(): Promise<void>;
  /** Another kernel takes the place of this one. */
  reboot(): Promise<void>;
}

export interface Held {
  readonly pid: number;
  release(): Promise<void>;
}
