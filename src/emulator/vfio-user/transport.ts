import { errnoNumbers } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import { addressOf, messageFlags } from '../../lib/libc/libc.ts';
import { cmsghdr, msghdr } from '../../lib/libc/structs.ts';

const receiveBytes = 64 * 1024;
/** The largest message that is sent: a data transfer of 1 MiB with what comes before it. */
const sendBytes = 1024 * 1024 + 4096;
/** SCM_MAX_FD: the kernel passes no more at once. */
const maxFds = 253;
const solSocket = 1;
const scmRights = 1;

/** A buffer, and the struct msghdr that names it. All of it is kept here, for as long as the kernel may be given its address. */
class MessageBuffer {
  readonly bytes: Uint8Array;
  readonly control = new Uint8Array(cmsghdr.size + 8 * maxFds);
  /** 64 bytes more than needed: smaller arrays may be moved by V8. */
  readonly header = new Uint8Array(msghdr.size + 64);
  readonly #iov = new Uint8Array(16 + 64);
  readonly #headerView = new DataView(this.header.buffer);
  readonly #iovView = new DataView(this.#iov.buffer);
  readonly #address: bigint;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#address = addressOf(this.bytes);
    this.#headerView.setBigUint64(msghdr.iov, addressOf(this.#iov), true);
    this.#headerView.setBigUint64(msghdr.iovlen, 1n, true);
  }

  /** Which bytes are meant, and how much of the control data. */
  set(start: number, length: number, controlLength: number): void {
    this.#iovView.setBigUint64(0, this.#address + BigInt(start), true);
    this.#iovView.setUint32(8, length, true);
    this.#headerView.setBigUint64(msghdr.control, controlLength === 0 ? 0n : addressOf(this.control), true);
    this.#headerView.setUint32(msghdr.controllen, controlLength, true);
  }

  /** Whether the control data was cut short (MSG_CTRUNC). */
  get isCut(): boolean {
    return (this.#headerView.getInt32(msghdr.flags, true) & messageFlags.controlCut) !== 0;
  }

  get controlLength(): number {
    return this.#headerView.getUint32(msghdr.controllen, true);
  }
}

/**
 * Reads from and writes to UNIX stream sockets, file descriptors included, through one buffer each way that all connections of the
 * thread share: what was received is to be used before the next is.
 */
export class Transport {
  readonly #libc: Libc;
  readonly #in = new MessageBuffer(receiveBytes);
  readonly #out = new MessageBuffer(sendBytes);
  readonly #inControl = new DataView(this.#in.control.buffer);
  readonly #outControl = new DataView(this.#out.control.buffer);

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#in.set(0, receiveBytes, this.#in.control.length);
  }

  /** What was received, from its first byte on. */
  get received(): Uint8Array {
    return this.#in.bytes;
  }

  /** Where messages that are sent are written. */
  get out(): Uint8Array {
    return this.#out.bytes;
  }

  /**
   * Receives what there is.
   * @param fds takes the file descriptors that came along. The kernel ends a read after data that had some: they belong to the last
   * message of it, which may be there in part only.
   * @returns how many bytes came; 0 when the peer has closed; a negative errno, of which EMFILE says that something was lost for good
   */
  receive(fd: number, fds: number[]): number {
    this.#in.set(0, receiveBytes, this.#in.control.length);
    const length = this.#libc.receiveMessage(fd, this.#in.header, messageFlags.dontWait | messageFlags.closeOnExec);
    if (length > 0 && this.#in.controlLength > 0) this.#takeFds(fds);
    // The kernel had no file descriptors left for all that came, and has dropped some: what they were for would go wrong unnoticed.
    return length > 0 && this.#in.isCut ? -errnoNumbers.EMFILE : length;
  }

  /** Sends `out[start .. start + length)`, and `fds` with it; returns how many bytes were taken, or a negative errno. */
  send(fd: number, start: number, length: number, fds: readonly number[] = []): number {
    if (fds.length > 0) {
      this.#outControl.setBigUint64(0, BigInt(cmsghdr.size + 4 * fds.length), true);
      this.#outControl.setInt32(cmsghdr.level, solSocket, true);
      this.#outControl.setInt32(cmsghdr.type, scmRights, true);
      for (const [index, passed] of fds.entries()) this.#outControl.setInt32(cmsghdr.size + 4 * index, passed, true);
    }
    this.#out.set(start, length, fds.length === 0 ? 0 : cmsghdr.size + 8 * Math.ceil(fds.length / 2));
    return this.#libc.sendMessage(fd, this.#out.header, messageFlags.dontWait | messageFlags.noSignal);
  }

  #takeFds(fds: number[]): void {
    const end = this.#in.controlLength;
    for (let at = 0; at + cmsghdr.size <= end;) {
      const length = Number(this.#inControl.getBigUint64(at, true));
      if (length < cmsghdr.size) return;
      if (
        this.#inControl.getInt32(at + cmsghdr.level, true) === solSocket &&
        this.#inControl.getInt32(at + cmsghdr.type, true) === scmRights
      )
        for (let place = at + cmsghdr.size; place + 4 <= at + length; place += 4) fds.push(this.#inControl.getInt32(place, true));
      at += Math.ceil(length / 8) * 8;
    }
  }
}
