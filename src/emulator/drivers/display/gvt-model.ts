/** A virtual GPU with a share of its parent's aperture, as a PCI function. gvt.md says what software sees. */
import type { DeviceModel, ModelServices } from '../../vfio/model.ts';
import type { BarLayout } from '../pci/config-space.ts';
import { ConfigSpace } from '../pci/config-space.ts';
import type { RegionHandler } from '../pci/function.ts';
import { pciFunction } from '../pci/function.ts';
import { IntxPin } from '../pci/intx.ts';
import type { Register } from '../pci/registers.ts';
import { registerRegion, ValueRegister } from '../pci/registers.ts';
import { aperture } from './aperture.ts';
import { Interrupts } from './interrupts.ts';
import { opregionContent, opregionSize, opregionType } from './opregion.ts';
import { VideoMemory } from './video-memory.ts';

export interface GvtModelInit {
  readonly vendorID: number;
  readonly deviceID: number;
  /** Bytes of the aperture's BAR, a power of two. */
  readonly apertureBytes: number;
  /** Bytes of it that are the device's own, at its end. */
  readonly shareBytes: number;
  readonly width: number;
  readonly height: number;
}

/** Offsets in BAR 0, as gvt.md lays them down. */
export const gvtRegister = {
  id: 0x00,
  version: 0x04,
  shareOffset: 0x08,
  shareSize: 0x0c,
  width: 0x10,
  height: 0x14,
  scratch: 0x20,
  interruptStatus: 0x40,
  interruptEnable: 0x44,
  interruptRaise: 0x48,
} as const;

/** Bytes of BAR 0, as on the hardware. */
const registersSize = 16 << 20;
/** 'MDI' in ASCII. */
export const gvtID = 0x0049444d;
/** Causes are software's own: any of 32. */
const allCauses = 0xffff_ffff;

/** The part of the aperture that belongs to others: nobody answers for it. */
const foreign: RegionHandler = {
  read: (_offset, into) => {
    into.fill(0xff);
  },
  write: () => undefined,
};

export function gvtModel(init: GvtModelInit, services: Pick<ModelServices, 'sharedMemory'>): DeviceModel {
  const { vendorID, deviceID, apertureBytes, shareBytes } = init;
  const registerBar: BarLayout = { index: 0, kind: 'memory64', prefetchable: false, size: registersSize };
  const apertureBar: BarLayout = { index: 2, kind: 'memory64', prefetchable: true, size: apertureBytes };
  const config = new ConfigSpace(
    { vendorID, deviceID, subsystemVendorID: vendorID, subsystemID: deviceID, revision: 0x0a, classCode: 0x030000 },
    [registerBar, apertureBar],
  );
  const pin = new IntxPin(config);
  const interrupts = new Interrupts(pin, allCauses);
  const memory = new VideoMemory(apertureBytes, services);
  const share = { offset: apertureBytes - shareBytes, size: shareBytes };
  const scratch = [0, 4, 8, 12].map((at) => [gvtRegister.scratch + at, new ValueRegister()] as const);
  const registers = new Map<number, Register>([
    [gvtRegister.id, { read: () => gvtID }],
    [gvtRegister.version, { read: () => 1 }],
    [gvtRegister.shareOffset, { read: () => share.offset }],
    [gvtRegister.shareSize, { read: () => share.size }],
    [gvtRegister.width, { read: () => init.width }],
    [gvtRegister.height, { read: () => init.height }],
    ...scratch,
    [gvtRegister.interruptStatus, interrupts.status],
    [gvtRegister.interruptEnable, interrupts.enable],
    [
      gvtRegister.interruptRaise,
      {
        write: (causes) => {
          interrupts.raise(causes);
        },
      },
    ],
  ]);
  const opregion = opregionContent();

  return pciFunction({
    config,
    pin,
    bars: [
      { ...registerBar, handler: registerRegion(registers) },
      { ...apertureBar, handler: aperture(memory, share, foreign), mmap: { memory: () => memory.memory(), areas: [share] } },
    ],
    ownRegions: [
      {
        ...opregionType,
        size: opregionSize,
        handler: {
          read: (offset, into) => {
            into.set(opregion.subarray(offset, offset + into.length));
          },
        },
      },
    ],
    close: () => {
      memory.drop();
    },
    reset: () => {
      interrupts.reset();
      for (const [, register] of scratch) register.reset();
    },
    dispose: () => {
      memory.drop();
    },
  });
}
