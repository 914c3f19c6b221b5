import { z } from 'zod';
import { errnoNumbers, type Errno } from '../../../lib/errno.ts';

/** What the agent and a writer process say to each other. */

export interface WriteRequest {
  readonly call: number;
  /** The name of the process meanwhile. */
  readonly title: string;
  readonly path: string;
  readonly value: string;
  /** The group of a device that is removed: held by the writer from before the write to after it. */
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
  readonly refused?: { readonly step: 'claim' | 'open' | 'write'; readonly code: string; readonly message: string };
}

export const writeRequestSchema: z.ZodType<WriteRequest> = z.strictObject({
  call: z.int(),
  title: z.string(),
  path: z.string(),
  value: z.string(),
  claim: z.strictObject({ node: z.string(), link: z.string() }).exactOptional(),
});

export const writeAnswerSchema: z.ZodType<WriteAnswer> = z.strictObject({
  call: z.int(),
  refused: z.strictObject({ step: z.enum(['claim', 'open', 'write']), code: z.string(), message: z.string() }).exactOptional(),
});

/** The errno that a writer named, EIO for one that no table here has. */
export function knownErrno(code: string): Errno {
  return Object.hasOwn(errnoNumbers, code) ? (code as Errno) : 'EIO';
}
