import type { Clock } from '../../lib/clock.ts';
import type { BusDriver, ParentOps } from './driver.ts';
import type { DeviceSnapshot, KernelReport, ParentSnapshot, User } from './snapshot.ts';
import type { Uevents } from './uevents.ts';

export interface MdevBusInit {
  readonly clock: Clock;
  /** Where waits that last and errors that change nothing are told. */
  readonly report: (report: KernelReport) => void;
  /** How often a lasting wait is reported, in ms; 10 s as in the kernel if left out. */
  readonly reportInterval?: number;
}

export interface ParentInit {
  /** The kernel's name, such as 0000:86:00.0. */
  readonly name: string;
  /** The kernel driver's name. */
  readonly driver: string;
  /** The bus it sits on; `pci` if left out. */
  readonly subsystem?: string;
  readonly vendorID?: string;
  readonly deviceID?: string;
  readonly numaNode?: number;
  readonly ops: ParentOps;
}

/** A device held open. */
export interface OpenDevice extends AsyncDisposable {
  readonly uuid: string;
  readonly user: User;
  /** Closes it; resolves when the driver is done. A second call answers EBADF, disposing twice does nothing. */
  release(): Promise<void>;
}

/** A group kept from being opened. */
export interface Claim extends Disposable {
  readonly uuid: string;
  /** Lets go; further calls do nothing. */
  release(): void;
}

/** The contract of the mdev core; class MdevBus in this file is it (being written). */
export interface MdevCore {
  readonly uevents: Uevents;
  registerDriver(driver: BusDriver): void;
  registerParent(init: ParentInit): void;
  unregisterParent(name: string): Promise<void>;
  parents(): ParentSnapshot[];
  parent(name: string): ParentSnapshot | undefined;
  devices(): DeviceSnapshot[];
  device(uuid: string): DeviceSnapshot | undefined;
  create(parent: string, typeID: string, uuidText: string, params?: string): Promise<string>;
  remove(uuid: string): Promise<void>;
  setOnline(uuid: string, text: string): Promise<void>;
  attributeNames(uuid: string): string[];
  readAttribute(uuid: string, name: string): string;
  writeAttribute(uuid: string, name: string, text: string): Promise<void>;
  readParentAttribute(parent: string, name: string): string;
  writeParentAttribute(parent: string, name: string, text: string): Promise<void>;
  open(uuid: string, user: User): Promise<OpenDevice>;
  claim(uuid: string): Claim;
  bind(uuid: string): Promise<void>;
  unbind(uuid: string): Promise<void>;
}
