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
  /** A pass over one device ended; `error` is one that is repeated because of the API server. `seconds` is how long it took. */
  reconciled(result: 'done' | 'error', seconds: number): void;
  /** An action was carried out or refused; `errno` is the kernel's, `record` for a record that could not be written. */
  acted(action: string, outcome: 'done' | 'failed', errno: string, seconds: number): void;
  /** A status was written to the API server. */
  statusWritten(kind: 'MdevDevice' | 'MdevParent'): void;
  /** How many devices there are: with a record and an object, with a record only, and without record. */
  devices(counts: { readonly owned: number; readonly orphaned: number; readonly foreign: number }): void;
  /** What a parent has now, by type; undefined when it is gone. */
  parent(
    name: string,
    types: readonly { readonly id: string; readonly availableInstances: number; readonly instances: number }[] | undefined,
  ): void;
  /** Keys waiting in the queue. */
  queued(length: number): void;
  /** Where pins are read, whenever somebody wants to know. It may reject. */
  pinsFrom(read: (signal: AbortSignal) => Promise<readonly PinSample[]>): void;
}

export const noMetrics: AgentMetrics = {
  reconciled: () => undefined,
  acted: () => undefined,
  statusWritten: () => undefined,
  devices: () => undefined,
  parent: () => undefined,
  queued: () => undefined,
  pinsFrom: () => undefined,
};
