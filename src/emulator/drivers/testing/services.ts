import { ErrnoError } from '../../../lib/errno.ts';
import type { ModelServices, PortStream, SharedMemory } from '../../vfio/model.ts';

/** Services of a device, in memory: shared memory up to a limit, and streams whose other end a test holds. */
export class MemoryServices implements ModelServices {
  /** The streams that are being served, by name. */
  readonly streams = new Map<string, MemoryStream>();
  /** Bytes of shared memory there are now. */
  allocated = 0;
  readonly #limit: number;
  /** Names that `listen` refuses. */
  readonly refused = new Set<string>();

  constructor(init: { readonly limit?: number } = {}) {
    this.#limit = init.limit ?? Infinity;
  }

  sharedMemory(size: number): SharedMemory {
    if (this.allocated + size > this.#limit) throw new ErrnoError('ENOMEM', `no ${size} bytes are left`);
    this.allocated += size;
    const bytes = new Uint8Array(size);
    return {
      size,
      fd: undefined,
      read: (offset, into) => {
        into.set(part(bytes, offset, into.length));
      },
      write: (offset, from) => {
        part(bytes, offset, from.length).set(from);
      },
      close: () => {
        this.allocated -= size;
      },
    };
  }

  listen(name: string, handlers: { readonly onReadable: () => void; readonly onWritable: () => void }): PortStream {
    if (this.refused.has(name) || this.streams.has(name)) throw new ErrnoError('EBUSY', `${name} is served already`);
    const stream = new MemoryStream(handlers, () => this.streams.delete(name));
    this.streams.set(name, stream);
    return stream;
  }

  /** @throws Error when nothing of that name is served */
  stream(name: string): MemoryStream {
    const stream = this.streams.get(name);
    if (stream === undefined) throw new Error(`nobody serves ${name}`);
    return stream;
  }
}

function part(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  if (offset < 0 || offset + length > bytes.length) throw new Error(`${length} bytes at ${offset} are outside`);
  return bytes.subarray(offset, offset + length);
}

/** A byte stream with its peer's hands. */
export class MemoryStream implements PortStream {
  readonly #handlers: { readonly onReadable: () => void; readonly onWritable: () => void };
  readonly #onClose: () => void;
  readonly #toPort: number[] = [];
  readonly #fromPort: number[] = [];
  /** Bytes that the peer lets wait for it; undefined: there is no peer. */
  capacity: number | undefined = Infinity;

  constructor(handlers: { readonly onReadable: () => void; readonly onWritable: () => void }, onClose: () => void) {
    this.#handlers = handlers;
    this.#onClose = onClose;
  }

  read(into: Uint8Array): number {
    const bytes = this.#toPort.splice(0, into.length);
    into.set(bytes);
    return bytes.length;
  }

  write(from: Uint8Array): number {
    if (this.capacity === undefined) return from.length;
    const taken = from.subarray(0, Math.max(0, this.capacity - this.#fromPort.length));
    this.#fromPort.push(...taken);
    return taken.length;
  }

  close(): void {
    this.#onClose();
  }

  /** Bytes the peer sent and the port has not taken. */
  get waiting(): number {
    return this.#toPort.length;
  }

  /** The peer sends. */
  send(bytes: Iterable<number>): void {
    this.#toPort.push(...bytes);
    this.#handlers.onReadable();
  }

  /** The peer takes up to `count` bytes of what the port has sent. */
  take(count = Infinity): number[] {
    const bytes = this.#fromPort.splice(0, Math.min(count, this.#fromPort.length));
    if (bytes.length > 0) this.#handlers.onWritable();
    return bytes;
  }
}
