import type { Errno } from '../../../lib/errno.ts';
import type { DeviceFiles } from '../device.ts';

/** What the agent and a writer process, which is its own child, say to each other: a line of JSON each. */

export interface WriteRequest {
  /** The name of the process meanwhile. */
  readonly title: string;
  /** What is written; nothing, where a group is only claimed to see whether it can be. */
  readonly file?: { readonly path: string; readonly value: string };
  /** The group of a device: held by the writer from before the write to after it. */
  readonly claim?: GroupClaim;
  /** Nothing is written unless this is still what the file, which is below it, is of. */
  readonly only?: { readonly folder: string; readonly inode: number };
  /** What was made is to be told of, once that is written. */
  readonly look?: MadePaths;
}

/** Where a device that has just been made is to be looked at: its folder, its type's file `device_api`, and /dev/vfio. */
export interface MadePaths {
  readonly folder: string;
  readonly deviceAPI: string;
  readonly vfio: string;
}

export interface GroupClaim {
  /** The folder of group nodes: /dev/vfio. */
  readonly vfio: string;
  /** The device's link to its group. Where it has none there is nothing to claim; where that has no node here, the claim is ENOENT. */
  readonly link: string;
}

export interface WriteAnswer {
  /** Absent: written. At step `claim`, `ESTALE`: the device has another group by now; `only`, `ESTALE`: it is another device. */
  readonly refused?: { readonly step: 'open' | 'claim' | 'only' | 'write'; readonly code: Errno; readonly message: string };
  /** What was looked for after the write, if all of it was there, and could be read. */
  readonly seen?: MadeDevice;
}

/** What the answer to its creation does not tell of a device. */
export interface MadeDevice extends Omit<DeviceFiles, 'typeLink'> {
  /** Of its folder. */
  readonly inode: number;
}

/** So long, in bytes, is the longest order of which a pipe makes one packet: PIPE_BUF (linux/limits.h). */
export const longestPacket = 4_096;

/** An order as it goes through the pipe. */
export class EncodedOrder {
  readonly bytes: Uint8Array;

  constructor(request: WriteRequest) {
    this.bytes = Buffer.from(`${JSON.stringify(request)}\n`);
  }

  /** Whether whoever reads from the pipe gets all of it or nothing. */
  get isOnePacket(): boolean {
    return this.bytes.length <= longestPacket;
  }
}

/** The order was taken back before a writer saw it. */
export class NotBegunError extends Error {
  override readonly name = 'NotBegunError';
}

/** What a writer says first, once it can be told something. */
export const ready = 'ready';

/** Takes a stream of lines apart. */
export class Lines {
  #rest = '';

  /** The lines that end with this piece. */
  push(piece: string): string[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}
