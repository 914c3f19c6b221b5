import { openLibc, type Libc } from '../../src/lib/libc/libc.ts';
import { socketAddress } from '../../src/lib/libc/structs.ts';
import { Transport } from '../../src/emulator/vfio-user/transport.ts';
import { errnoNumbers } from '../../src/lib/errno.ts';
import { commands } from '../../src/emulator/vfio-user/wire.ts';

/** A message as it came. */
export interface Message {
  readonly id: number;
  readonly command: number;
  readonly flags: number;
  /** 0 where the message is no error. */
  readonly errno: number;
  readonly payload: Buffer;
  readonly fds: readonly number[];
}

/** What the server asks of the client: read or write its memory. Answers the payload, or an errno. */
export type OnRequest = (message: Message) => Buffer | number;

/** Writes numbers as the protocol has them: `u16`, `u32` or `u64` each. */
export function pack(...fields: readonly (readonly [bits: 16 | 32 | 64, value: number | bigint])[]): Buffer {
  return Buffer.concat(
    fields.map(([bits, value]) => {
      const bytes = Buffer.alloc(bits / 8);
      if (bits === 64) bytes.writeBigUInt64LE(BigInt(value));
      else if (bits === 32) bytes.writeUInt32LE(Number(value));
      else bytes.writeUInt16LE(Number(value));
      return bytes;
    }),
  );
}

/** A struct of 32-bit numbers. */
export function words(...values: readonly number[]): Buffer {
  return pack(...values.map((value) => [32, value] as const));
}

const kindMask = 0xf;
const errorFlag = 0x20;
const headerBytes = 16;

/**
 * A client of ours for tests: it speaks the protocol byte by byte, passes and takes file descriptors, and can send anything at all.
 * It waits in the kernel, so the server must be another process or thread.
 */
export class Client implements Disposable {
  readonly libc: Libc;
  readonly #fd: number;
  readonly #transport: Transport;
  #pending = Buffer.alloc(0);
  #fds: number[] = [];
  #lastID = 0;
  #closed = false;
  onRequest: OnRequest = () => errnoNumbers.EFAULT;

  /** Connects; the version is not agreed on yet. */
  constructor(path: string) {
    this.libc = openLibc();
    this.#transport = new Transport(this.libc);
    this.#fd = this.libc.unixSocket();
    const answer = this.libc.connect(this.#fd, socketAddress(path));
    if (answer < 0) {
      this.libc.close(this.#fd);
      throw new Error(`Cannot connect to ${path}: errno ${-answer}`);
    }
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array, fds: readonly number[] = []): void {
    for (let sent = 0; sent < bytes.length;) {
      const part = bytes.subarray(sent, sent + 65536);
      this.#transport.out.set(part);
      const answer = this.#transport.send(this.#fd, 0, part.length, sent === 0 ? fds : []);
      // A server that waits for its answers to be read reads nothing itself.
      if (answer === -errnoNumbers.EAGAIN) {
        this.#receive();
        this.libc.wait(this.#fd, 'out', 5);
      } else if (answer < 0) throw new Error(`Cannot send: errno ${-answer}`);
      else sent += answer;
    }
  }

  /** Sends as much of this as the server takes now, and forgets the rest. */
  sendUnread(bytes: Uint8Array): void {
    this.#transport.out.set(bytes);
    this.#transport.send(this.#fd, 0, bytes.length, []);
  }

  /** Sends a command and returns its id, without waiting for the answer. */
  send(command: number, payload: Uint8Array = new Uint8Array(0), fds: readonly number[] = [], flags = 0): number {
    this.#lastID = (this.#lastID + 1) & 0xffff;
    this.sendRaw(message(this.#lastID, command, payload, flags), fds);
    return this.#lastID;
  }

  /** Sends a command and waits for its answer; requests of the server that come first are answered by `onRequest`. */
  call(command: number, payload?: Uint8Array, fds?: readonly number[]): Message {
    const id = this.send(command, payload, fds);
    return this.answerTo(id);
  }

  /** The answer to a command that was sent. @throws Error when the connection ends, or nothing comes for ten seconds */
  answerTo(id: number): Message {
    for (;;) {
      const next = this.next();
      if (next === undefined) throw new Error(`The connection ended before command ${id} was answered`);
      if ((next.flags & kindMask) === 1 && next.id === id) return next;
      if ((next.flags & kindMask) === 0) this.#answer(next);
    }
  }

  /** Answers what the server asks until `done` says so. */
  serveUntil(done: () => boolean): void {
    while (!done()) {
      const next = this.next(20);
      if (next !== undefined && (next.flags & kindMask) === 0) this.#answer(next);
    }
  }

  /** The next message of the server; undefined at the end of the connection, or when none comes within `patience` ms that are given. */
  next(patience?: number): Message | undefined {
    for (;;) {
      const found = this.#take();
      if (found !== undefined) return found;
      if (!this.libc.wait(this.#fd, 'in', patience ?? 10_000)) {
        if (patience !== undefined) return undefined;
        throw new Error('The server has not answered for ten seconds');
      }
      if (!this.#receive()) return undefined;
    }
  }

  /** Takes what has come; false when the connection has ended. */
  #receive(): boolean {
    const fds: number[] = [];
    const length = this.#transport.receive(this.#fd, fds);
    if (length === -errnoNumbers.EAGAIN) return true;
    if (length <= 0) return false;
    this.#pending = Buffer.concat([this.#pending, Buffer.from(this.#transport.received.subarray(0, length))]);
    this.#fds.push(...fds);
    return true;
  }

  /** Whether the server has ended the connection. Waits for that, and reads over what comes before. */
  get isEnded(): boolean {
    for (;;) if (this.next(5_000) === undefined) return true;
  }

  /** VERSION with what QEMU says. */
  negotiate(capabilities: object = { max_msg_fds: 8, max_data_xfer_size: 1048576 }): Message {
    return this.call(commands.version, Buffer.concat([pack([16, 0], [16, 1]), Buffer.from(`${JSON.stringify({ capabilities })}\0`)]));
  }

  read(region: number, offset: number | bigint, count: number): Buffer | number {
    const { errno, payload } = this.call(commands.regionRead, pack([64, offset], [32, region], [32, count]));
    return errno === 0 ? payload.subarray(16) : errno;
  }

  /** The errno, 0 when it was done. */
  write(region: number, offset: number | bigint, data: Uint8Array): number {
    return this.call(commands.regionWrite, Buffer.concat([pack([64, offset], [32, region], [32, data.length]), data])).errno;
  }

  /** A 32-bit register. */
  register(region: number, offset: number): number {
    const value = this.read(region, offset, 4);
    if (typeof value === 'number') throw new Error(`Reading 0x${offset.toString(16)} failed with errno ${value}`);
    return value.readUInt32LE();
  }

  setRegister(region: number, offset: number, value: number | bigint, bits: 32 | 64 = 32): void {
    const errno = this.write(region, offset, pack([bits, value]));
    if (errno !== 0) throw new Error(`Writing 0x${offset.toString(16)} failed with errno ${errno}`);
  }

  map(iova: number | bigint, size: number | bigint, fd?: number, offset = 0, flags = 3): number {
    const payload = pack([32, 32], [32, flags], [64, offset], [64, iova], [64, size]);
    return this.call(commands.dmaMap, payload, fd === undefined ? [] : [fd]).errno;
  }

  unmap(iova: number | bigint, size: number | bigint, flags = 0): Message {
    return this.call(commands.dmaUnmap, pack([32, 24], [32, flags], [64, iova], [64, size]));
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const fd of this.#fds) this.libc.close(fd);
    this.libc.close(this.#fd);
  }

  #answer(request: Message): void {
    const answer = this.onRequest(request);
    const payload = typeof answer === 'number' ? Buffer.alloc(0) : answer;
    const bytes = message(request.id, request.command, payload, typeof answer === 'number' ? 1 | errorFlag : 1);
    if (typeof answer === 'number') bytes.writeUInt32LE(answer, 12);
    this.sendRaw(bytes);
  }

  #take(): Message | undefined {
    const pending = this.#pending;
    if (pending.length < headerBytes) return undefined;
    const size = pending.readUInt32LE(4);
    if (pending.length < size) return undefined;
    this.#pending = pending.subarray(size);
    const flags = pending.readUInt32LE(8);
    const fds = this.#pending.length === 0 ? this.#fds.splice(0) : [];
    return {
      id: pending.readUInt16LE(0),
      command: pending.readUInt16LE(2),
      flags,
      errno: (flags & errorFlag) === 0 ? 0 : pending.readUInt32LE(12),
      payload: pending.subarray(headerBytes, size),
      fds,
    };
  }
}

/** A message with its header. */
export function message(id: number, command: number, payload: Uint8Array, flags = 0): Buffer {
  return Buffer.concat([pack([16, id], [16, command], [32, headerBytes + payload.length], [32, flags], [32, 0]), payload]);
}
