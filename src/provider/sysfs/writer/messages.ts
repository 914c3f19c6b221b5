import type { Errno } from '../../../lib/errno.ts';

/** What the agent and a writer process, which is its own child, say to each other. */

export interface WriteRequest {
  readonly call: number;
  /** The name of the process meanwhile. */
  readonly title: string;
  /** What is written; nothing, where a group is only claimed to see whether it can be. */
  readonly file?: { readonly path: string; readonly value: string };
  /** The group of a device: held by the writer from before the write to after it. */
  readonly claim?: GroupClaim;
}

export interface GroupClaim {
  /** /dev/vfio/N. */
  readonly node: string;
  /** The device's link to its group, which must still say N once the node is held. */
  readonly link: string;
}

export interface WriteAnswer {
  readonly call: number;
  /** Absent: written. `ESTALE` of a claim: the device has another group by now. */
  readonly refused?: { readonly step: 'claim' | 'open' | 'write'; readonly code: Errno; readonly message: string };
}

/** What a writer says first, once it can be told something. */
export const ready = 'ready';
