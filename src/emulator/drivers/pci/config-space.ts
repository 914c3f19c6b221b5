/** The first 256 bytes of a PCI function's configuration space. Source: PCI Local Bus Specification 3.0, section 6; linux/pci_regs.h. */

/** Bytes of the region: the device has no extended space. */
export const configSize = 256;

export interface PCIIdentity {
  readonly vendorID: number;
  readonly deviceID: number;
  readonly subsystemVendorID: number;
  readonly subsystemID: number;
  readonly revision: number;
  /** Base class, sub-class and programming interface, such as 0x070002. */
  readonly classCode: number;
}

/** A base address register, or the pair of them that a 64-bit one takes. */
export interface BarLayout {
  /** 0 to 5; of a 64-bit one that of its lower half. */
  readonly index: number;
  readonly kind: 'io' | 'memory32' | 'memory64';
  readonly prefetchable: boolean;
  /** Bytes, a power of two: at least 4 of I/O and 16 of memory. */
  readonly size: number;
}

/** Offsets of the header that others need. */
export const configOffset = { command: 0x04, status: 0x06, interruptLine: 0x3c, interruptPin: 0x3d, bar0: 0x10, rom: 0x30 } as const;

export const commandBit = { io: 0x0001, memory: 0x0002, busMaster: 0x0004, parity: 0x0040, serr: 0x0100, intxDisable: 0x0400 } as const;

/** Of the status register: the function asserts its interrupt, whether or not the command register lets it out. */
const statusInterrupt = 0x0008;
/** DEVSEL timing medium, as samples/vfio-mdev/mtty.c has it. No capability list. */
const statusAtPowerOn = 0x0200;

/** Each byte at power-on, and which of its bits can be written. */
interface Layout {
  readonly initial: Uint8Array;
  readonly writable: Uint8Array;
}

/**
 * What the function answers to config cycles. A write changes the writable bits and nothing else, which is all that BAR sizing needs: of
 * all ones only the bits above the size stay. The ROM BAR has no writable bit: there is no ROM.
 */
export class ConfigSpace {
  readonly #layout: Layout;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(identity: PCIIdentity, bars: readonly BarLayout[]) {
    this.#layout = layoutOf(identity, bars);
    this.#bytes = this.#layout.initial.slice();
    this.#view = new DataView(this.#bytes.buffer);
  }

  get command(): number {
    return this.#view.getUint16(configOffset.command, true);
  }

  /** Any offset and length within the 256 bytes. */
  read(offset: number, into: Uint8Array): void {
    into.set(this.#bytes.subarray(offset, offset + into.length));
  }

  /** As `read`; what cannot be written stays. */
  write(offset: number, from: Uint8Array): void {
    const { writable } = this.#layout;
    for (const [index, value] of from.entries()) {
      const at = offset + index;
      const mask = writable[at] ?? 0;
      this.#bytes[at] = ((this.#bytes[at] ?? 0) & ~mask) | (value & mask);
    }
  }

  /** Shows in the status register whether the function asserts its interrupt. */
  setInterruptStatus(high: boolean): void {
    const status = this.#view.getUint16(configOffset.status, true) & ~statusInterrupt;
    this.#view.setUint16(configOffset.status, high ? status | statusInterrupt : status, true);
  }

  /** Back to the state at power-on. */
  reset(): void {
    this.#bytes.set(this.#layout.initial);
  }
}

function layoutOf(identity: PCIIdentity, bars: readonly BarLayout[]): Layout {
  const initial = new DataView(new ArrayBuffer(configSize));
  const writable = new DataView(new ArrayBuffer(configSize));
  initial.setUint16(0x00, identity.vendorID, true);
  initial.setUint16(0x02, identity.deviceID, true);
  initial.setUint16(configOffset.status, statusAtPowerOn, true);
  initial.setUint32(0x08, ((identity.classCode << 8) | identity.revision) >>> 0, true);
  initial.setUint16(0x2c, identity.subsystemVendorID, true);
  initial.setUint16(0x2e, identity.subsystemID, true);
  initial.setUint8(configOffset.interruptPin, 1); // INTA#
  writable.setUint8(0x0c, 0xff); // cache line size
  writable.setUint8(0x0d, 0xff); // latency timer
  writable.setUint8(configOffset.interruptLine, 0xff);

  let command: number = commandBit.busMaster | commandBit.parity | commandBit.serr | commandBit.intxDisable;
  for (const bar of bars) {
    command |= bar.kind === 'io' ? commandBit.io : commandBit.memory;
    layBar(bar, initial, writable);
  }
  writable.setUint16(configOffset.command, command, true);
  return { initial: new Uint8Array(initial.buffer), writable: new Uint8Array(writable.buffer) };
}

function layBar({ index, kind, prefetchable, size }: BarLayout, initial: DataView, writable: DataView): void {
  const offset = configOffset.bar0 + 4 * index;
  const flags = { io: 1, memory32: 0, memory64: 4 }[kind] | (prefetchable ? 8 : 0);
  initial.setUint32(offset, flags, true);
  const addressBits = BigInt.asUintN(64, -BigInt(size));
  writable.setUint32(offset, Number(BigInt.asUintN(32, addressBits)), true);
  if (kind === 'memory64') writable.setUint32(offset + 4, Number(addressBits >> 32n), true);
}
