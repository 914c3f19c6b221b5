/** What the core shows of itself: plain values as of the moment they were asked for. */
import type { RemoveWhileOpen, Sharing } from './driver.ts';

/** A process that has a device open. `comm` is the kernel's short command name. */
export interface User {
  readonly pid: number;
  readonly comm: string;
}

/** `creating` until the driver's create and the probe are through; `removing` from the removal's start until the device is gone. */
export type DeviceState = 'creating' | 'live' | 'removing';

export interface DeviceSnapshot {
  readonly uuid: string;
  readonly parent: string;
  readonly typeID: string;
  readonly deviceAPI: string;
  readonly state: DeviceState;
  readonly params: string | undefined;
  /** Undefined where the driver has no online operation. */
  readonly online: boolean | undefined;
  /** The IOMMU group's number, which is reused after removal. Undefined when no bus driver is bound. */
  readonly group: number | undefined;
  /** The bus driver that is bound. */
  readonly busDriver: string | undefined;
  readonly users: readonly User[];
  /** Whether somebody holds a claim on the device's group. */
  readonly claimed: boolean;
}

export interface TypeSnapshot {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly deviceAPI: string;
  readonly requiresGroup: boolean;
  readonly maxInstances: number | undefined;
  readonly availableInstances: number;
  /** Why availableInstances is 0: a sentence. */
  readonly reason: string | undefined;
  /** How many devices of the type there are, those being removed included. */
  readonly instances: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A device that an unregistering parent still waits for. */
export interface WaitedFor {
  readonly uuid: string;
  readonly state: DeviceState;
  readonly users: readonly User[];
}

export interface ParentSnapshot {
  readonly name: string;
  /** The kernel driver's name. */
  readonly driver: string;
  readonly vendorID: string | undefined;
  readonly deviceID: string | undefined;
  readonly numaNode: number | undefined;
  /** `leaving` while it is being unregistered: creates answer ENODEV. */
  readonly state: 'live' | 'leaving';
  readonly sharing: Sharing;
  readonly removeWhileOpen: RemoveWhileOpen;
  readonly features: { readonly online: boolean; readonly group: boolean; readonly params: boolean };
  readonly types: readonly TypeSnapshot[];
  /** UUIDs of its devices in any state. */
  readonly devices: readonly string[];
  /** While `leaving`: what it waits for. Else empty. */
  readonly waitingFor: readonly WaitedFor[];
}

/** What the kernel would write into its log: waits that last, and errors that change nothing. */
export type KernelReport =
  | { readonly kind: 'parent-waits'; readonly parent: string; readonly milliseconds: number; readonly devices: readonly WaitedFor[] }
  | { readonly kind: 'removal-waits'; readonly uuid: string; readonly milliseconds: number; readonly users: readonly User[] }
  | { readonly kind: 'refusal-ignored'; readonly parent: string; readonly uuid: string; readonly error: unknown }
  | { readonly kind: 'probe-failed'; readonly uuid: string; readonly driver: string; readonly error: unknown }
  | { readonly kind: 'driver-error'; readonly uuid: string; readonly step: string; readonly error: unknown };
