import type { ConditionCount } from '../api/condition-counts.ts';

/** What one device has pinned for its user. */
export interface PinSample {
  readonly uuid: string;
  readonly parent: string;
  /** Of the MdevDevice that owns it; empty for a device without one. */
  readonly namespace: string;
  readonly name: string;
  /** Of the user's process. */
  readonly pid: number;
  /** Undefined: not known by device. */
  readonly pages: number | undefined;
  readonly lockedBytes: number;
  /** Undefined where nothing holds the process back. */
  readonly limitBytes: number | undefined;
}

/** What the agent reports of itself; whoever wires it gives these to a metrics system. None may throw. */
export interface AgentMetrics {
  /** An action on a device was carried out, or was refused by the kernel, the record's folder or the API server. */
  acted(action: string, outcome: 'done' | 'failed'): void;
  /** How many devices there are: with a record and an object, with a record only, and without record. */
  devices(counts: { readonly owned: number; readonly orphaned: number; readonly foreign: number }): void;
  /** What a parent has now, by type; undefined when it is gone. */
  parent(
    name: string,
    types: readonly { readonly id: string; readonly availableInstances: number; readonly instances: number }[] | undefined,
  ): void;
  /** Ownership records cannot be written from now on, or undefined: they can again. */
  recordFolder(error: Error | undefined): void;
  /** Where the conditions of this node's MdevDevices are counted, whenever somebody wants to know. */
  conditionsFrom(read: () => readonly ConditionCount[]): void;
  /** Where pins are read, whenever somebody wants to know. It may reject. */
  pinsFrom(read: (signal: AbortSignal) => Promise<readonly PinSample[]>): void;
}

export const noMetrics: AgentMetrics = {
  acted: () => undefined,
  devices: () => undefined,
  parent: () => undefined,
  recordFolder: () => undefined,
  conditionsFrom: () => undefined,
  pinsFrom: () => undefined,
};
