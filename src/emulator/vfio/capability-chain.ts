import { sizes, view } from './uapi.ts';

/** A capability of an INFO answer: its id and what follows struct vfio_info_cap_header, a multiple of 8 bytes. All are of version 1. */
export interface Capability {
  readonly id: number;
  readonly body: Uint8Array;
}

/** Bytes of the chain of `caps`. */
export function chainLength(caps: readonly Capability[]): number {
  return caps.reduce((sum, { body }) => sum + sizes.capHeader + body.length, 0);
}

/** Writes the chain into `answer` from `start` on. Each capability says where the next is, from the start of the answer; the last says 0. */
export function writeChain(answer: Uint8Array, start: number, caps: readonly Capability[]): void {
  const fields = view(answer);
  let at = start;
  for (const [place, { id, body }] of caps.entries()) {
    const end = at + sizes.capHeader + body.length;
    fields.setUint16(at, id, true);
    fields.setUint16(at + 2, 1, true);
    fields.setUint32(at + 4, place + 1 < caps.length ? end : 0, true);
    answer.set(body, at + sizes.capHeader);
    at = end;
  }
}
