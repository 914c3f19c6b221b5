/** A PCI function as VFIO shows it, put together of a config space, BARs and an interrupt pin. */
import { ErrnoError } from '../../../lib/errno.ts';
import type { DeviceModel, DeviceUser, RegionInit } from '../../vfio/model.ts';
import type { BarLayout, ConfigSpace } from './config-space.ts';
import { configSize } from './config-space.ts';
import type { IntxPin } from './intx.ts';
import { irqIndex, pciIRQs } from './irqs.ts';

/** VFIO_PCI_*_REGION_INDEX of linux/vfio.h; 0 to 5 are the BARs, and those of a device's own come after. */
export const regionIndex = { rom: 6, config: 7, vga: 8, own: 9 } as const;

/** What answers accesses to a region; the whole of one is done. Offset and length are within the region. */
export interface RegionHandler {
  read(offset: number, into: Uint8Array): void;
  /** Absent: the region is read-only. */
  write?(offset: number, from: Uint8Array): void;
}

export interface Bar extends BarLayout {
  readonly handler: RegionHandler;
  readonly mmap?: RegionInit['mmap'];
}

/** A device-specific region. */
export interface OwnRegion {
  /** Bytes. */
  readonly size: number;
  readonly type: number;
  readonly subtype: number;
  readonly handler: RegionHandler;
}

/** What the function does beyond its config space. */
export interface PCIFunctionInit {
  readonly config: ConfigSpace;
  readonly pin: IntxPin;
  readonly bars: readonly Bar[];
  readonly ownRegions?: readonly OwnRegion[];
  /** Before the interrupt line is told of. What it throws is the answer to the open. */
  readonly open?: (user: DeviceUser) => void;
  /** The user is gone; nothing of it may be used any more. */
  readonly close?: () => void;
  /** Back to the state at power-on. */
  readonly reset: () => void;
  readonly dmaUnmap?: (iova: bigint, size: bigint) => void;
  readonly dispose?: () => void;
}

const absent: RegionInit = { size: 0, readable: false, writable: false };

/**
 * BARs answer whatever the command register says of decoding: a region is named by its index, so there is no address to decode. QEMU maps
 * a BAR for its guest only while the guest's command register enables it, and a user without a guest need not enable what it can name.
 */
export function pciFunction(init: PCIFunctionInit): DeviceModel {
  const { config, pin, bars, ownRegions = [] } = init;
  const handlers = new Map<number, RegionHandler>();
  for (const { index, handler } of bars) handlers.set(index, handler);
  for (const [number, { handler }] of ownRegions.entries()) handlers.set(regionIndex.own + number, handler);
  handlers.set(regionIndex.config, {
    read: (offset, into) => {
      config.read(offset, into);
    },
    write: (offset, from) => {
      config.write(offset, from);
      pin.update();
    },
  });

  const handlerOf = (region: number): RegionHandler => {
    const handler = handlers.get(region);
    if (handler === undefined) throw new ErrnoError('EINVAL', `the device has no region ${region}`);
    return handler;
  };
  let user: DeviceUser | undefined;

  return {
    api: 'vfio-pci',
    regions: regionTable(bars, ownRegions),
    irqs: pciIRQs,
    open(opener) {
      init.open?.(opener);
      user = opener;
      pin.connect(opener);
    },
    close() {
      user = undefined;
      pin.disconnect();
      init.close?.();
    },
    read(region, offset, into) {
      handlerOf(region).read(offset, into);
      return into.length;
    },
    write(region, offset, from) {
      const handler = handlerOf(region);
      if (handler.write === undefined) throw new ErrnoError('EINVAL', `region ${region} is read-only`);
      handler.write(offset, from);
      return from.length;
    },
    reset() {
      // The device first: its interrupt goes before the command register lets one out again.
      init.reset();
      config.reset();
      pin.update();
    },
    ...(init.dmaUnmap !== undefined && { dmaUnmap: init.dmaUnmap }),
    request() {
      user?.trigger(irqIndex.request, 0);
    },
    dispose() {
      init.dispose?.();
    },
  };
}

function regionTable(bars: readonly Bar[], ownRegions: readonly OwnRegion[]): RegionInit[] {
  const regions: RegionInit[] = Array.from({ length: regionIndex.own }, () => absent);
  regions[regionIndex.config] = { size: configSize, readable: true, writable: true };
  for (const { index, size, handler, mmap } of bars) {
    regions[index] = { size, readable: true, writable: handler.write !== undefined, ...(mmap !== undefined && { mmap }) };
  }
  for (const { size, type, subtype, handler } of ownRegions) {
    regions.push({ size, readable: true, writable: handler.write !== undefined, type: { type, subtype } });
  }
  return regions;
}
