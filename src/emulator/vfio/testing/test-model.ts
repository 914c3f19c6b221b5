import type { DeviceModel, DeviceUser, IRQInit, RegionInit, SharedMemory } from '../model.ts';

/** Indexes of the test device's interrupts: as a PCI device's, with two MSI vectors and four MSI-X vectors. */
export const irq = { intx: 0, msi: 1, msix: 2, error: 3, request: 4 } as const;

const testIRQs: readonly IRQInit[] = [
  { count: 1, eventfd: true, maskable: true, automasked: true, noResize: false },
  { count: 2, eventfd: true, maskable: false, automasked: false, noResize: true },
  { count: 4, eventfd: true, maskable: true, automasked: false, noResize: false },
  { count: 0, eventfd: true, maskable: false, automasked: false, noResize: true },
  { count: 1, eventfd: true, maskable: false, automasked: false, noResize: true },
];

const testRegions: readonly RegionInit[] = [
  { size: 16, readable: true, writable: true },
  { size: 140, readable: true, writable: true },
  { size: 8, readable: true, writable: false },
  { size: 8, readable: false, writable: true },
  { size: 0, readable: false, writable: false },
];

/** A device that keeps what is written to it, and writes down what is asked of it. What tests want otherwise they give or set. */
export class TestModel implements DeviceModel {
  readonly api: DeviceModel['api'];
  readonly regions: readonly RegionInit[];
  readonly irqs: readonly IRQInit[];
  readonly reset?: () => void;
  readonly dmaUnmap?: (iova: bigint, size: bigint) => void;
  /** Each call, such as `read 1 16+4`: region, offset and length. */
  readonly calls: string[] = [];
  readonly bytes: readonly Uint8Array[];
  /** Whoever has the device open; stays after the close, as with a model that goes on. */
  user: DeviceUser | undefined;
  /** The most bytes that one access does; all if undefined. */
  atMost: number | undefined;
  readonly #failures = new Map<string, Error>();

  /** `plain`: it has no reset, and pins nothing. */
  constructor(change: Partial<Pick<DeviceModel, 'api' | 'regions' | 'irqs' | 'reset' | 'dmaUnmap'>> & { readonly plain?: boolean } = {}) {
    this.api = change.api ?? 'vfio-pci';
    this.regions = change.regions ?? testRegions;
    this.irqs = change.irqs ?? testIRQs;
    if (change.plain !== true) {
      this.reset = () => {
        this.#call('reset');
        change.reset?.();
      };
      this.dmaUnmap = (iova, size) => {
        this.#call('dmaUnmap', `${iova.toString(16)}+${size.toString(16)}`);
        change.dmaUnmap?.(iova, size);
      };
    }
    this.bytes = this.regions.map(({ size }) => new Uint8Array(size));
  }

  /** Lets a call of this name throw from now on, or not any more. */
  fail(call: string, error: Error | undefined): void {
    if (error === undefined) this.#failures.delete(call);
    else this.#failures.set(call, error);
  }

  open(user: DeviceUser): void {
    this.user = user;
    this.#call('open');
  }

  close(): void {
    this.#call('close');
  }

  read(region: number, offset: number, into: Uint8Array): number {
    this.#call('read', `${region} ${offset}+${into.length}`);
    const done = Math.min(into.length, this.atMost ?? Infinity);
    into.set((this.bytes[region] ?? new Uint8Array(0)).subarray(offset, offset + done));
    return done;
  }

  write(region: number, offset: number, from: Uint8Array): number {
    this.#call('write', `${region} ${offset}+${from.length}`);
    const done = Math.min(from.length, this.atMost ?? Infinity);
    this.bytes[region]?.set(from.subarray(0, done), offset);
    return done;
  }

  request(): void {
    this.#call('request');
  }

  dispose(): void {
    this.#call('dispose');
  }

  #call(name: string, rest?: string): void {
    this.calls.push(rest === undefined ? name : `${name} ${rest}`);
    const failure = this.#failures.get(name);
    if (failure !== undefined) throw failure;
  }
}

/** Zeroed memory of a test. */
export function testMemory(size: number): SharedMemory {
  const bytes = new Uint8Array(size);
  return {
    size,
    fd: undefined,
    read: (offset, into) => {
      into.set(bytes.subarray(offset, offset + into.length));
    },
    write: (offset, from) => {
      bytes.set(from, offset);
    },
    close: () => undefined,
  };
}
