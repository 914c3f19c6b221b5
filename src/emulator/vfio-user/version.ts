import { z } from 'zod';
import { ErrnoError } from '../../lib/errno.ts';
import { maxMappings, maxMessageFds, maxTransfer } from './wire.ts';

/** The version spoken: 0.1 at the highest, and 0.0 with those who know no other. */
const major = 0;
const highestMinor = 1;

/** Of any size: larger than what is exact here is as good as no limit. */
const whole = z.number().refine((value) => Number.isInteger(value) && value >= 0, 'must be a whole number');
const limit = whole.refine((value) => value > 0, 'must not be 0');
const versionSchema = z.object({
  capabilities: z.object({ max_msg_fds: whole.optional(), max_data_xfer_size: limit.optional() }).optional(),
});

/** What was agreed on. */
export interface Agreement {
  readonly minor: number;
  /** The most data that the peer takes in one message, bytes. */
  readonly maxTransfer: number;
}

/** Reads the payload of VERSION. @throws ErrnoError EINVAL when it is malformed, or of a version that is not spoken here */
export function readVersion(payload: Uint8Array): Agreement {
  if (payload.length < 4) throw new ErrnoError('EINVAL', 'VERSION is too short');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint16(0, true) !== major)
    throw new ErrnoError('EINVAL', `version ${view.getUint16(0, true)} of the protocol is not spoken here`);
  const minor = Math.min(view.getUint16(2, true), highestMinor);
  const text = payload.subarray(4);
  if (text.length === 0) return { minor, maxTransfer };
  if (text.at(-1) !== 0) throw new ErrnoError('EINVAL', 'the capabilities do not end with a NUL');
  const version = versionSchema.safeParse(parse(Buffer.from(text.subarray(0, -1)).toString()));
  if (!version.success) throw new ErrnoError('EINVAL', `the capabilities are not sound: ${version.error.issues[0]?.message ?? ''}`);
  return { minor, maxTransfer: Math.min(version.data.capabilities?.max_data_xfer_size ?? maxTransfer, maxTransfer) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ErrnoError('EINVAL', 'the capabilities are not JSON', { cause });
  }
}

/** The payload of the answer to VERSION. */
export function versionAnswer({ minor }: Agreement): Uint8Array {
  const capabilities = {
    max_msg_fds: maxMessageFds,
    max_data_xfer_size: maxTransfer,
    max_dma_maps: maxMappings,
    pgsizes: 4096,
    write_multiple: true,
  };
  const text = Buffer.from(`${JSON.stringify({ capabilities })}\0`);
  const payload = new Uint8Array(4 + text.length);
  const view = new DataView(payload.buffer);
  view.setUint16(0, major, true);
  view.setUint16(2, minor, true);
  payload.set(text, 4);
  return payload;
}
