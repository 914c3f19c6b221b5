/** A virtual GPU with a framebuffer and a copy engine, as a PCI function. grid.md says what software sees. */
import { errnoNumbers } from '../../../lib/errno.ts';
import type { DeviceModel, ModelServices } from '../../vfio/model.ts';
import type { BarLayout } from '../pci/config-space.ts';
import { commandBit, ConfigSpace } from '../pci/config-space.ts';
import { pciFunction } from '../pci/function.ts';
import { IntxPin } from '../pci/intx.ts';
import type { Register } from '../pci/registers.ts';
import { registerRegion, ValueRegister } from '../pci/registers.ts';
import { aperture } from './aperture.ts';
import type { Surface } from './copy.ts';
import { maxCopy } from './copy.ts';
import { CopyEngine } from './copy-engine.ts';
import {
  gridControl,
  gridFlag,
  gridID,
  gridInterrupt,
  gridRegister,
  gridRegistersSize,
  gridStatus,
  gridVersion,
} from './grid-registers.ts';
import { Interrupts } from './interrupts.ts';
import { pageSize } from './pages.ts';
import { VideoMemory } from './video-memory.ts';

export interface GridModelInit {
  readonly vendorID: number;
  readonly deviceID: number;
  /** Bytes of the framebuffer's BAR, a power of two; of its first page the device keeps control. */
  readonly apertureBytes: number;
  readonly heads: number;
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Frames a second. */
  readonly frameRateLimit: number;
}

export function gridModel(init: GridModelInit, services: Pick<ModelServices, 'sharedMemory'>): DeviceModel {
  const { vendorID, deviceID, apertureBytes } = init;
  const registerBar: BarLayout = { index: 0, kind: 'memory32', prefetchable: false, size: gridRegistersSize };
  const framebufferBar: BarLayout = { index: 1, kind: 'memory64', prefetchable: true, size: apertureBytes };
  const config = new ConfigSpace(
    { vendorID, deviceID, subsystemVendorID: vendorID, subsystemID: deviceID, revision: 0xa1, classCode: 0x030000 },
    [registerBar, framebufferBar],
  );
  const pin = new IntxPin(config);
  const interrupts = new Interrupts(pin, gridInterrupt.done | gridInterrupt.error);
  const framebuffer = new VideoMemory(apertureBytes, services);
  const engine = new CopyEngine({
    framebuffer,
    isBusMaster: () => (config.command & commandBit.busMaster) !== 0,
    onEnd: (result) => {
      interrupts.raise(gridInterrupt[result]);
    },
  });
  const { registers, kept, doorbell } = registersOf(init, engine, interrupts);
  const cursor = [gridControl.cursorX, gridControl.cursorY, gridControl.cursorEnable].map((at) => [at, new ValueRegister()] as const);
  const control = registerRegion(new Map<number, Register>([[gridControl.doorbell, doorbell], ...cursor]));
  const own = { offset: pageSize, size: apertureBytes - pageSize };

  return pciFunction({
    config,
    pin,
    bars: [
      { ...registerBar, handler: registerRegion(registers) },
      { ...framebufferBar, handler: aperture(framebuffer, own, control), mmap: { memory: () => framebuffer.memory(), areas: [own] } },
    ],
    open: (user) => {
      engine.connect(user);
    },
    close: () => {
      engine.disconnect();
      framebuffer.drop();
    },
    reset: () => {
      engine.reset();
      interrupts.reset();
      for (const register of kept) register.reset();
      for (const [, register] of cursor) register.reset();
    },
    dmaUnmap: (iova, size) => {
      engine.dmaUnmap(iova, size);
    },
    dispose: () => {
      framebuffer.drop();
    },
  });
}

/** The registers of BAR 0; those of them that keep what is written; and the doorbell, which is in the framebuffer's BAR too. */
function registersOf(init: GridModelInit, engine: CopyEngine, interrupts: Interrupts) {
  const source = new LongRegister();
  const destination = new LongRegister();
  const length = new LongRegister();
  const flags = new ValueRegister();
  const scratch = [0, 4, 8, 12].map((at) => [gridRegister.scratch + at, new ValueRegister()] as const);
  const surface = (register: LongRegister, flag: number): Surface => ({
    space: (flags.read() & flag) === 0 ? 'guest' : 'framebuffer',
    address: register.value,
  });
  const doorbell: Register = {
    write: (value) => {
      if ((value & 1) === 0) return;
      engine.start({
        source: surface(source, gridFlag.sourceIsFramebuffer),
        destination: surface(destination, gridFlag.destinationIsFramebuffer),
        length: Number(length.value),
      });
    },
  };
  const registers = new Map<number, Register>([
    [gridRegister.id, constant(gridID)],
    [gridRegister.version, constant(gridVersion)],
    [gridRegister.framebufferSize, constant(init.apertureBytes)],
    [gridRegister.maxCopy, constant(maxCopy)],
    [gridRegister.heads, constant(init.heads)],
    [gridRegister.maxWidth, constant(init.maxWidth)],
    [gridRegister.maxHeight, constant(init.maxHeight)],
    [gridRegister.frameRateLimit, constant(init.frameRateLimit)],
    ...scratch,
    [gridRegister.interruptStatus, interrupts.status],
    [gridRegister.interruptEnable, interrupts.enable],
    ...source.at(gridRegister.source),
    ...destination.at(gridRegister.destination),
    ...length.at(gridRegister.length),
    [gridRegister.flags, flags],
    [gridRegister.doorbell, doorbell],
    [gridRegister.status, { read: () => gridStatus[engine.state] }],
    [gridRegister.error, { read: () => (engine.error === undefined ? 0 : errnoNumbers[engine.error]) }],
    [
      gridRegister.release,
      {
        write: (value) => {
          if ((value & 1) !== 0) engine.release();
        },
      },
    ],
    [gridRegister.copied, { read: () => engine.copied }],
    [gridRegister.pinnedPages, { read: () => engine.pinnedPages }],
  ]);
  return { registers, kept: [source, destination, length, flags, ...scratch.map(([, register]) => register)], doorbell };
}

function constant(value: number): Register {
  return { read: () => value };
}

/** A 64-bit value in two registers. */
class LongRegister {
  readonly #low = new ValueRegister();
  readonly #high = new ValueRegister();

  get value(): bigint {
    return (BigInt(this.#high.read()) << 32n) | BigInt(this.#low.read());
  }

  at(offset: number): [number, Register][] {
    return [
      [offset, this.#low],
      [offset + 4, this.#high],
    ];
  }

  reset(): void {
    this.#low.reset();
    this.#high.reset();
  }
}
