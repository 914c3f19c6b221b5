import { ErrnoError } from '../../lib/errno.ts';
import type { Libc } from '../../lib/libc/libc.ts';
import type { DeviceFile } from '../vfio/device-file.ts';
import type { Memory } from '../vfio/dma.ts';
import { isPageAligned } from '../vfio/dma.ts';
import { irqSetFlags, regionFlags, sizes } from '../vfio/uapi.ts';
import { EventFd } from './event-fd.ts';
import type { EventLoop } from '../../lib/libc/event-loop.ts';
import { openFileMemory } from './file-memory.ts';
import type { RemoteMemory } from './message-memory.ts';
import { MessageMemory } from './message-memory.ts';
import type { Peer } from './peer.ts';
import type { SharedFiles } from './shared-files.ts';
import { commands, headerBytes, maxMessageFds, maxTransfer } from './wire.ts';

/** Where the answer's payload begins. */
const payloadAt = headerBytes;
const mapFlags = { read: 1, write: 2 } as const;
const unmapFlags = { all: 2 } as const;
/** Bytes of one write of REGION_WRITE_MULTI. */
const multiBytes = 24;

/** A command's payload: bytes of the inbox. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly at: number;
  readonly size: number;
  /** What came with it. Whatever a command takes over it takes out. */
  readonly fds: number[];
}

export interface SessionInit {
  readonly libc: Libc;
  readonly loop: EventLoop;
  readonly file: DeviceFile;
  readonly peer: Peer;
  readonly remote: RemoteMemory;
  readonly files: SharedFiles;
  /** Host page frame numbers for so many pages. */
  readonly takePfns: (pages: number) => number;
}

/** A device that a connection has open, and the commands on it. */
export class Session {
  readonly #init: SessionInit;

  constructor(init: SessionInit) {
    this.#init = init;
  }

  get file(): DeviceFile {
    return this.#init.file;
  }

  /**
   * Carries out a command and writes its answer's payload to `out` from byte 16 on.
   * @param replyFds takes the file descriptors that go with the answer; they stay their owner's
   * @returns how long the payload is
   * @throws ErrnoError what it is refused with
   */
  execute(command: number, payload: Payload, out: Uint8Array, outView: DataView, replyFds: number[]): number {
    const { file } = this.#init;
    switch (command) {
      case commands.regionRead:
        return this.#read(payload, out, outView);
      case commands.regionWrite:
        return this.#write(payload, outView);
      case commands.regionWriteMulti:
        return this.#writeMulti(payload, outView);
      case commands.dmaMap:
        this.#map(payload);
        return 0;
      case commands.dmaUnmap:
        return this.#unmap(payload, out);
      case commands.getInfo:
        return put(out, file.info(structOf(payload, sizes.deviceInfo)));
      case commands.getRegionInfo:
        return this.#regionInfo(payload, out, outView, replyFds);
      case commands.getRegionIOFds:
        return this.#regionIOFds(payload, out);
      case commands.getIRQInfo:
        return put(out, file.irqInfo(structOf(payload, sizes.irqInfo)));
      case commands.setIRQs:
        this.#setIRQs(payload);
        return 0;
      case commands.reset:
        expectSize(payload, 0);
        file.reset();
        return 0;
      default:
        throw new ErrnoError('EOPNOTSUPP', `command ${command} is not known`);
    }
  }

  #read(payload: Payload, out: Uint8Array, outView: DataView): number {
    expectSize(payload, 16);
    const { view, at } = payload;
    const offset = view.getBigUint64(at, true);
    const region = view.getUint32(at + 8, true);
    const count = view.getUint32(at + 12, true);
    if (count > maxTransfer) throw new ErrnoError('EINVAL', `${count} bytes in one read, of at most ${maxTransfer}`);
    const done = this.#init.file.read(region, offset, out.subarray(payloadAt + 16, payloadAt + 16 + count));
    outView.setBigUint64(payloadAt, offset, true);
    outView.setUint32(payloadAt + 8, region, true);
    outView.setUint32(payloadAt + 12, done, true);
    return 16 + done;
  }

  #write({ bytes, view, at, size }: Payload, outView: DataView): number {
    if (size < 16) throw new ErrnoError('EINVAL', 'REGION_WRITE is too short');
    const offset = view.getBigUint64(at, true);
    const region = view.getUint32(at + 8, true);
    const count = view.getUint32(at + 12, true);
    if (size - 16 !== count || count > maxTransfer) throw new ErrnoError('EINVAL', `${size - 16} bytes of data in a write of ${count}`);
    const done = this.#init.file.write(region, offset, bytes.subarray(at + 16, at + 16 + count));
    outView.setBigUint64(payloadAt, offset, true);
    outView.setUint32(payloadAt + 8, region, true);
    outView.setUint32(payloadAt + 12, done, true);
    return 16;
  }

  /** All writes are checked before the first is done. A refused one ends them: the answer is how many were done, or its errno if none was. */
  #writeMulti({ bytes, view, at, size }: Payload, outView: DataView): number {
    const writes = size < 8 ? 0n : view.getBigUint64(at, true);
    if (size < 8 || BigInt(size - 8) !== writes * BigInt(multiBytes))
      throw new ErrnoError('EINVAL', `REGION_WRITE_MULTI of ${writes} writes has ${size} bytes`);
    const places = Array.from({ length: Number(writes) }, (_, index) => at + 8 + index * multiBytes);
    for (const place of places)
      if (view.getUint32(place + 12, true) > 8) throw new ErrnoError('EINVAL', 'REGION_WRITE_MULTI writes at most 8 bytes at a place');
    let done = 0;
    for (const place of places) {
      try {
        const count = view.getUint32(place + 12, true);
        this.#init.file.write(
          view.getUint32(place + 8, true),
          view.getBigUint64(place, true),
          bytes.subarray(place + 16, place + 16 + count),
        );
      } catch (error) {
        if (done === 0 || !(error instanceof ErrnoError)) throw error;
        break;
      }
      done++;
    }
    outView.setBigUint64(payloadAt, BigInt(done), true);
    return 8;
  }

  #map(payload: Payload): void {
    expectSize(payload, 32);
    const { view, at, fds } = payload;
    const { libc, file, files, peer, loop, remote, takePfns } = this.#init;
    argumentSize(payload);
    const flags = view.getUint32(at + 4, true);
    const offset = view.getBigUint64(at + 8, true);
    const iova = view.getBigUint64(at + 16, true);
    const size = view.getBigUint64(at + 24, true);
    if ((flags & ~(mapFlags.read | mapFlags.write)) !== 0) throw new ErrnoError('EINVAL', `DMA_MAP knows no flags 0x${flags.toString(16)}`);
    if (fds.length > 1) throw new ErrnoError('EINVAL', `DMA_MAP takes one file, not ${fds.length}`);
    const [fd] = fds;
    // Without a file the offset is of nothing.
    const vaddr = fd === undefined ? 0n : offset;
    if (!isPageAligned(vaddr | iova | size)) throw new ErrnoError('EINVAL', 'offset, address and size are not whole pages');
    const [readable, writable] = [(flags & mapFlags.read) !== 0, (flags & mapFlags.write) !== 0];
    const firstPfn = takePfns(Number(size >> 12n));
    let memory: Memory;
    if (fd === undefined) memory = new MessageMemory(remote, iova, firstPfn);
    else {
      const range = { offset, size, readable, writable };
      const shared = files.take(fd, range);
      fds.length = 0;
      memory = openFileMemory({ libc, loop, file: shared, range, firstPfn });
    }
    file.dma.map({ iova, size, vaddr, readable, writable, task: peer, memory });
  }

  #unmap(payload: Payload, out: Uint8Array): number {
    expectSize(payload, 24);
    argumentSize(payload);
    const { view, at } = payload;
    const { dma } = this.#init.file;
    const flags = view.getUint32(at + 4, true);
    const iova = view.getBigUint64(at + 8, true);
    const size = view.getBigUint64(at + 16, true);
    const answer = bytesOf(payload).slice();
    let unmapped: bigint;
    if (flags === unmapFlags.all) {
      if (iova !== 0n || size !== 0n) throw new ErrnoError('EINVAL', 'to unmap all, address and size must be 0');
      unmapped = dma.unmapAll();
    } else {
      if (flags !== 0) throw new ErrnoError('EOPNOTSUPP', `DMA_UNMAP knows no flags 0x${flags.toString(16)}`);
      if (!isPageAligned(iova | size) || size === 0n) throw new ErrnoError('EINVAL', 'address and size are not whole pages');
      if (!dma.hasMapping(iova, size))
        throw new ErrnoError('ENOENT', `0x${iova.toString(16)}+0x${size.toString(16)} is not mapped as such`);
      unmapped = dma.unmap(iova, size);
    }
    new DataView(answer.buffer).setBigUint64(16, unmapped, true);
    return put(out, answer);
  }

  /** With the file of a region that can be mapped, which the region is the whole of: so its offset there is 0. */
  #regionInfo(payload: Payload, out: Uint8Array, outView: DataView, replyFds: number[]): number {
    const request = structOf(payload, sizes.regionInfo);
    const { file } = this.#init;
    const length = put(out, file.regionInfo(request));
    const fd = file.regionMemory(payload.view.getUint32(payload.at + 8, true))?.fd;
    outView.setBigUint64(payloadAt + 24, 0n, true);
    // The kernel says that there are capabilities also to whom it has no room to show them. QEMU takes that for a broken answer; argsz
    // tells it all the same to ask again with more room.
    if (outView.getUint32(payloadAt + 12, true) === 0)
      outView.setUint32(payloadAt + 4, outView.getUint32(payloadAt + 4, true) & ~regionFlags.caps, true);
    if (fd !== undefined) replyFds.push(fd);
    return length;
  }

  /** No region has file descriptors to be read or written by. */
  #regionIOFds(payload: Payload, out: Uint8Array): number {
    expectSize(payload, 16);
    const { view, at } = payload;
    if (view.getUint32(at, true) < 16 || view.getUint32(at + 4, true) !== 0)
      throw new ErrnoError('EINVAL', 'argsz is below 16, or flags are not 0');
    // Refuses what is no region.
    const region = new Uint8Array(32);
    new DataView(region.buffer).setUint32(0, 32, true);
    new DataView(region.buffer).setUint32(8, view.getUint32(at + 8, true), true);
    this.#init.file.regionInfo(region);
    const answer = new Uint8Array(16);
    const fields = new DataView(answer.buffer);
    fields.setUint32(0, 16, true);
    fields.setUint32(8, view.getUint32(at + 8, true), true);
    return put(out, answer);
  }

  #setIRQs(payload: Payload): void {
    const { fds } = payload;
    const { libc, loop, file } = this.#init;
    const request = withNumbers(structOf(payload, sizes.irqSet), fds.length);
    const targets: EventFd[] = [];
    try {
      for (const fd of fds) targets.push(new EventFd(fd, libc, loop));
    } catch (error) {
      // Those made so far close theirs; the others are the caller's.
      for (const target of targets) target.close();
      fds.splice(0, targets.length);
      throw error;
    }
    fds.length = 0;
    file.setIRQs(request, targets);
  }
}

function bytesOf({ bytes, at, size }: Payload): Uint8Array {
  return bytes.subarray(at, at + size);
}

/**
 * A struct vfio_irq_set of DATA_EVENTFD as ioctl's callers have it, with a number for each interrupt. In the protocol the file descriptors
 * travel beside it and the numbers may be left out, whatever argsz says of them: one for each interrupt, or none, which takes all away.
 */
function withNumbers(request: Uint8Array, fds: number): Uint8Array {
  const fields = new DataView(request.buffer, request.byteOffset, request.byteLength);
  const count = fields.getUint32(16, true);
  const isBare = Math.min(fields.getUint32(0, true), request.length) === sizes.irqSet;
  if ((fields.getUint32(4, true) & irqSetFlags.dataEventfd) === 0 || !isBare || count > maxMessageFds) return request;
  if (fds !== 0 && fds !== count) throw new ErrnoError('EINVAL', `${count} interrupts need as many events or none, and ${fds} were given`);
  const whole = new Uint8Array(sizes.irqSet + 4 * count).fill(fds === 0 ? 0xff : 0);
  whole.set(request.subarray(0, sizes.irqSet));
  new DataView(whole.buffer).setUint32(0, whole.length, true);
  return whole;
}

/** The payload, which has at least a struct of `size` bytes. @throws ErrnoError EINVAL */
function structOf(payload: Payload, size: number): Uint8Array {
  if (payload.size < size) throw new ErrnoError('EINVAL', `the command has ${payload.size} bytes, and its struct ${size}`);
  return bytesOf(payload);
}

function put(out: Uint8Array, answer: Uint8Array): number {
  out.set(answer, payloadAt);
  return answer.length;
}

function expectSize({ size }: Payload, expected: number): void {
  if (size !== expected) throw new ErrnoError('EINVAL', `the command has ${size} bytes, and not ${expected}`);
}

/** @throws ErrnoError EINVAL when argsz is smaller than the payload is */
function argumentSize({ view, at, size }: Payload): void {
  if (view.getUint32(at, true) < size)
    throw new ErrnoError('EINVAL', `argsz is ${view.getUint32(at, true)}, and the payload has ${size} bytes`);
}
