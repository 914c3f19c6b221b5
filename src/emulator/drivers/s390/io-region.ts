/**
 * The I/O region of a vfio-ccw device, taken in one piece of 140 bytes: struct ccw_io_region of linux/vfio_ccw.h, in the size that the
 * seed names (lkml-mdev-v7-thread.txt:6531). The areas are as the channel subsystem has them, big-endian; the return code is the
 * emulated host's own, little-endian. Source of the areas: z/Architecture Principles of Operation, chapter 16; arch/s390/include/asm.
 *
 * | offset | bytes | what                                                          |
 * | ------ | ----- | ------------------------------------------------------------- |
 * | 0      | 12    | operation-request block: what to do (written by the user)     |
 * | 12     | 12    | subchannel-status word: which function (written by the user)  |
 * | 24     | 96    | interruption-response block: what came of it                  |
 * | 120    | 4     | return code: 0, or a negative errno                           |
 * | 124    | 16    | 0                                                             |
 */
export const ioRegionSize = 140;
const offsets = { orb: 0, scsw: 12, irb: 24, returnCode: 120 } as const;

/** Functions of a subchannel, bits of `fctl` in the first word of the SCSW. */
export const ioFunction = { start: 0x4000, halt: 0x2000, clear: 0x1000 } as const;
const functionBits = 0x7000;

/** Bits of `stctl`, in the first word of the SCSW. */
const statusControl = { alert: 0x10, primary: 0x04, secondary: 0x02, pending: 0x01 } as const;
const activityAndStatusBits = 0x0fff;

export const deviceStatus = { channelEnd: 0x08, deviceEnd: 0x04, unitCheck: 0x02 } as const;
export const subchannelStatus = { incorrectLength: 0x40, programCheck: 0x20, protectionCheck: 0x10, channelControlCheck: 0x04 } as const;

/** What an operation-request block asks for. */
export interface OperationRequest {
  /** Format 1 CCWs; format 0 otherwise. */
  readonly format1: boolean;
  /** It points at a TCW, not at CCWs. */
  readonly transportMode: boolean;
  /** Address of the first CCW. */
  readonly programAddress: number;
}

/** How a channel program ended. */
export interface ChannelEnd {
  /** Address after the last CCW that was used. */
  readonly address: number;
  readonly deviceStatus: number;
  readonly subchannelStatus: number;
  /** Bytes of the last CCW that were not transferred. */
  readonly residual: number;
}

/** The region's content between accesses. */
export class IORegion {
  readonly #bytes = new Uint8Array(ioRegionSize);
  readonly #view = new DataView(this.#bytes.buffer);

  /** A copy of the whole. */
  content(): Uint8Array {
    return this.#bytes.slice();
  }

  /** Takes what the user wrote; only the request counts. What came of the last one is gone. */
  accept(from: Uint8Array): void {
    this.#bytes.fill(0);
    this.#bytes.set(from.subarray(offsets.orb, offsets.irb));
  }

  /** The functions that the request asks for, bits of `ioFunction`. */
  get functions(): number {
    return this.#view.getUint32(offsets.scsw) & functionBits;
  }

  get request(): OperationRequest {
    const control = this.#view.getUint32(offsets.orb + 4);
    return {
      format1: (control & 0x0080_0000) !== 0,
      transportMode: (control & 0x0004_0000) !== 0,
      programAddress: this.#view.getUint32(offsets.orb + 8) & 0x7fff_ffff,
    };
  }

  /** `errno`: the positive error number, or 0. */
  setReturnCode(errno: number): void {
    this.#view.setInt32(offsets.returnCode, -errno, true);
  }

  /** Lays the end of a start function down as the interruption response. */
  setEnd(end: ChannelEnd): void {
    const usual = deviceStatus.channelEnd | deviceStatus.deviceEnd;
    const alert = (end.deviceStatus & ~usual) !== 0 || end.subchannelStatus !== 0;
    const status = statusControl.primary | statusControl.secondary | statusControl.pending | (alert ? statusControl.alert : 0);
    const control = this.#view.getUint32(offsets.scsw) & ~activityAndStatusBits;
    this.#view.setUint32(offsets.irb, (control | status) >>> 0);
    this.#view.setUint32(offsets.irb + 4, end.address);
    this.#view.setUint32(offsets.irb + 8, ((end.deviceStatus << 24) | (end.subchannelStatus << 16) | end.residual) >>> 0);
  }

  clear(): void {
    this.#bytes.fill(0);
  }
}
