import { ErrnoError } from '../../../lib/errno.ts';
import type { DeviceModel, DeviceUser } from '../../vfio/model.ts';

const pageSize = 4096;
const maxPagesPerCall = 512;

interface Mapping {
  readonly first: number;
  readonly bytes: Uint8Array;
  readonly readable: boolean;
  readonly writable: boolean;
}

/**
 * A user of a device, in memory: its mappings, a pin count for each page under a limit, its interrupts, and the work that the device
 * has started, which goes on only when `step` or `settle` says so.
 */
export class MemoryUser implements DeviceUser {
  readonly attributes: Readonly<Record<string, string>>;
  /** Levels of the lines, and how often each interrupt has signalled: a rising edge or a trigger, by index. */
  readonly levels = new Map<number, boolean>();
  readonly signals = new Map<number, number>();
  /** What work has thrown. */
  readonly reported: unknown[] = [];
  readonly #mappings: Mapping[] = [];
  readonly #pins = new Map<number, number>();
  readonly #work: (() => Promise<void>)[] = [];
  /** Pages that may be pinned at a time. */
  readonly #limit: number;
  #model: DeviceModel | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  /** Calls after the close, of which there must be none; they are refused. */
  strayCalls = 0;
  largestPinCall = 0;
  /** The most bytes of one access to memory. */
  largestAccess = 0;
  /** Called before each access to memory is answered, to do something in the middle of the device's work. */
  onAccess: () => void = () => undefined;

  constructor(init: { readonly attributes?: Readonly<Record<string, string>>; readonly limit?: number } = {}) {
    this.attributes = init.attributes ?? {};
    this.#limit = init.limit ?? Infinity;
  }

  /** Opens the device; the user is then the device's until `close`. */
  open(model: DeviceModel): void {
    model.open(this);
    this.#model = model;
    this.#state = 'open';
  }

  close(): void {
    const model = this.#model;
    this.#model = undefined;
    this.#state = 'closed';
    this.#pins.clear();
    this.#mappings.length = 0;
    model?.close();
  }

  /** Maps zeroed memory, and returns it. Sizes in bytes, of whole pages. */
  map(iova: number, size: number, access: { readonly readable?: boolean; readonly writable?: boolean } = {}): Uint8Array {
    const bytes = new Uint8Array(size);
    this.#mappings.push({ first: iova / pageSize, bytes, readable: access.readable ?? true, writable: access.writable ?? true });
    return bytes;
  }

  /** Unmaps what was mapped at `iova`; the device hears of it first, and must have let go of every page there. */
  unmap(iova: number): void {
    const first = iova / pageSize;
    const index = this.#mappings.findIndex((mapping) => mapping.first === first);
    const mapping = this.#mappings[index];
    if (mapping === undefined) throw new Error(`nothing is mapped at ${iova}`);
    this.#model?.dmaUnmap?.(BigInt(iova), BigInt(mapping.bytes.length));
    for (const page of this.#pins.keys()) {
      if (page >= first && page < first + mapping.bytes.length / pageSize) throw new Error(`page ${page} is still pinned`);
    }
    this.#mappings.splice(index, 1);
  }

  /** Pages that are pinned, whatever their count. */
  get pinnedPages(): number {
    return this.#pins.size;
  }

  /** All pin counts together. */
  get pins(): number {
    return this.#pins.values().reduce((sum, count) => sum + count, 0);
  }

  isPinned(page: number): boolean {
    return this.#pins.has(page);
  }

  /** Pieces of work that wait for their turn. */
  get waiting(): number {
    return this.#work.length;
  }

  /** Does the work that has waited longest. */
  async step(): Promise<void> {
    const work = this.#work.shift();
    try {
      await work?.();
    } catch (error) {
      this.reported.push(error);
    }
  }

  /** Does all work, and what comes of it. */
  async settle(): Promise<void> {
    while (this.#work.length > 0) await this.step();
  }

  signalsOf(index: number): number {
    return this.signals.get(index) ?? 0;
  }

  setLine(index: number, _subindex: number, high: boolean): void {
    this.#refuseStray();
    if (high && this.levels.get(index) !== true) this.#signal(index);
    this.levels.set(index, high);
  }

  trigger(index: number, _subindex: number): void {
    this.#refuseStray();
    this.#signal(index);
  }

  pinPages(pfns: Float64Array, count: number, writable: boolean, hostPfns: Float64Array): void {
    this.#refuseStray();
    if (this.#model !== undefined && this.#model.dmaUnmap === undefined) throw new ErrnoError('EINVAL', 'the device has no dmaUnmap');
    if (count > maxPagesPerCall) throw new ErrnoError('E2BIG', `${count} pages`);
    this.largestPinCall = Math.max(this.largestPinCall, count);
    const wanted = pfns.subarray(0, count);
    for (const page of wanted) this.#mappingOf(page, writable);
    const more = wanted.filter((page) => !this.#pins.has(page)).length;
    if (this.#pins.size + more > this.#limit) throw new ErrnoError('ENOMEM', `the limit is ${this.#limit} pages`);
    for (const [index, page] of wanted.entries()) {
      this.#pins.set(page, (this.#pins.get(page) ?? 0) + 1);
      hostPfns[index] = page + 1_000_000;
    }
  }

  unpinPages(pfns: Float64Array, count: number): number {
    this.#refuseStray();
    for (let done = 0; done < count; done++) {
      const page = pfns[done] ?? NaN;
      const pins = this.#pins.get(page);
      if (pins === undefined) {
        if (done === 0) throw new ErrnoError('EINVAL', `page ${page} is not pinned`);
        return done;
      }
      if (pins === 1) this.#pins.delete(page);
      else this.#pins.set(page, pins - 1);
    }
    return count;
  }

  async readMemory(iova: bigint, into: Uint8Array): Promise<void> {
    await this.#access(iova, into.length, false, (memory, at) => {
      into.set(memory, at);
    });
  }

  async writeMemory(iova: bigint, from: Uint8Array): Promise<void> {
    await this.#access(iova, from.length, true, (memory, at) => {
      memory.set(from.subarray(at, at + memory.length));
    });
  }

  run(work: () => Promise<void>): void {
    this.#refuseStray();
    this.#work.push(work);
  }

  /** Splits an access by mappings, after one turn of others. */
  async #access(iova: bigint, length: number, writable: boolean, part: (memory: Uint8Array, at: number) => void): Promise<void> {
    this.#refuseStray();
    this.largestAccess = Math.max(this.largestAccess, length);
    await Promise.resolve();
    this.onAccess();
    if (this.#state === 'closed') throw new ErrnoError('ENODEV', 'the device is closed');
    for (let at = 0; at < length;) {
      const address = Number(iova) + at;
      const mapping = this.#mappingOf(Math.floor(address / pageSize), writable);
      const offset = address - mapping.first * pageSize;
      const bytes = mapping.bytes.subarray(offset, offset + length - at);
      part(bytes, at);
      at += bytes.length;
    }
  }

  #mappingOf(page: number, writable: boolean): Mapping {
    const mapping = this.#mappings.find(({ first, bytes }) => page >= first && page < first + bytes.length / pageSize);
    if (mapping === undefined) throw new ErrnoError('EINVAL', `page ${page} is not mapped`);
    if (writable ? !mapping.writable : !mapping.readable) throw new ErrnoError('EPERM', `page ${page} is mapped otherwise`);
    return mapping;
  }

  #signal(index: number): void {
    this.signals.set(index, this.signalsOf(index) + 1);
  }

  #refuseStray(): void {
    if (this.#state !== 'closed') return;
    this.strayCalls++;
    throw new ErrnoError('ENODEV', 'the device is closed');
  }
}
