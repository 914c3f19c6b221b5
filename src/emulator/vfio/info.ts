/** VFIO_DEVICE_GET_INFO, GET_REGION_INFO and GET_IRQ_INFO: what a device has, as its user reads it. */
import { ErrnoError } from '../../lib/errno.ts';
import type { DeviceModel, IRQInit, RegionInit } from './model.ts';
import { deviceFlags, irqFlags, regionCaps, regionFlags, regionShift, sizes, view } from './uapi.ts';

const apiFlags = { 'vfio-pci': deviceFlags.pci, 'vfio-ccw': deviceFlags.ccw, 'vfio-ap': deviceFlags.ap } as const;

/** The first number of each request: how many bytes the user has for the answer. @throws ErrnoError EINVAL when it has not even the struct */
export function argumentSize(request: Uint8Array, smallest: number, name: string): number {
  if (request.length < smallest) throw new ErrnoError('EINVAL', `${name} has ${request.length} bytes, and needs ${smallest}`);
  const argsz = view(request).getUint32(0, true);
  if (argsz < smallest) throw new ErrnoError('EINVAL', `argsz of ${name} is ${argsz}, and the struct has ${smallest} bytes`);
  return argsz;
}

/** struct vfio_device_info. What flags the user set has no meaning and goes nowhere. @throws ErrnoError EINVAL argsz too small */
export function deviceInfo({ api, regions, irqs, reset }: DeviceModel, request: Uint8Array): Uint8Array {
  argumentSize(request, sizes.deviceInfo, 'vfio_device_info');
  const answer = new Uint8Array(sizes.deviceInfo);
  const fields = view(answer);
  fields.setUint32(0, sizes.deviceInfo, true);
  fields.setUint32(4, apiFlags[api] | (reset === undefined ? 0 : deviceFlags.reset), true);
  fields.setUint32(8, regions.length, true);
  fields.setUint32(12, irqs.length, true);
  return answer;
}

/**
 * struct vfio_region_info with its chain of capabilities. A user whose buffer is too small for the chain gets the struct alone, with
 * `argsz` saying how much is needed and cap_offset 0.
 * @throws ErrnoError EINVAL argsz smaller than the struct, or no such region
 */
export function regionInfo(regions: readonly RegionInit[], request: Uint8Array): Uint8Array {
  const argsz = argumentSize(request, sizes.regionInfo, 'vfio_region_info');
  const index = view(request).getUint32(8, true);
  const region = regions[index];
  if (region === undefined) throw new ErrnoError('EINVAL', `there is no region ${index}`);
  const caps = capabilities(region);
  const needed = sizes.regionInfo + caps.reduce((sum, cap) => sum + cap.length, 0);
  const fits = argsz >= needed;
  const answer = new Uint8Array(fits ? needed : sizes.regionInfo);
  const fields = view(answer);
  fields.setUint32(0, needed, true);
  fields.setUint32(4, flagsOf(region) | (caps.length > 0 ? regionFlags.caps : 0), true);
  fields.setUint32(8, index, true);
  fields.setBigUint64(16, BigInt(region.size), true);
  fields.setBigUint64(24, BigInt(index) << regionShift, true);
  if (!fits || caps.length === 0) return answer;
  fields.setUint32(12, sizes.regionInfo, true);
  let at: number = sizes.regionInfo;
  for (const [number, cap] of caps.entries()) {
    answer.set(cap, at);
    // Where the next one is, from the start of the struct; 0 ends the chain.
    fields.setUint32(at + 4, number + 1 < caps.length ? at + cap.length : 0, true);
    at += cap.length;
  }
  return answer;
}

/** struct vfio_irq_info. @throws ErrnoError EINVAL argsz too small, or no such index */
export function irqInfo(irqs: readonly IRQInit[], request: Uint8Array): Uint8Array {
  argumentSize(request, sizes.irqInfo, 'vfio_irq_info');
  const index = view(request).getUint32(8, true);
  const irq = irqs[index];
  if (irq === undefined) throw new ErrnoError('EINVAL', `there is no interrupt index ${index}`);
  const answer = new Uint8Array(sizes.irqInfo);
  const fields = view(answer);
  fields.setUint32(0, sizes.irqInfo, true);
  fields.setUint32(
    4,
    (irq.eventfd ? irqFlags.eventfd : 0) |
      (irq.maskable ? irqFlags.maskable : 0) |
      (irq.automasked ? irqFlags.automasked : 0) |
      (irq.noResize ? irqFlags.noResize : 0),
    true,
  );
  fields.setUint32(8, index, true);
  fields.setUint32(12, irq.count, true);
  return answer;
}

function flagsOf({ size, readable, writable, mmap }: RegionInit): number {
  if (size === 0) return 0;
  return (readable ? regionFlags.read : 0) | (writable ? regionFlags.write : 0) | (mmap === undefined ? 0 : regionFlags.mmap);
}

/** The region's capabilities, their links still 0. */
function capabilities({ mmap, type }: RegionInit): Uint8Array[] {
  const caps: Uint8Array[] = [];
  const areas = mmap?.areas ?? [];
  if (areas.length > 0) {
    const cap = capability(regionCaps.sparseMmap, 8 + 16 * areas.length);
    const fields = view(cap);
    fields.setUint32(8, areas.length, true);
    for (const [index, { offset, size }] of areas.entries()) {
      fields.setBigUint64(16 + 16 * index, BigInt(offset), true);
      fields.setBigUint64(24 + 16 * index, BigInt(size), true);
    }
    caps.push(cap);
  }
  if (type !== undefined) {
    const cap = capability(regionCaps.type, 8);
    const fields = view(cap);
    fields.setUint32(8, type.type, true);
    fields.setUint32(12, type.subtype, true);
    caps.push(cap);
  }
  return caps;
}

/** struct vfio_info_cap_header and room for what follows it. */
function capability(id: number, length: number): Uint8Array {
  const cap = new Uint8Array(sizes.capHeader + length);
  view(cap).setUint16(0, id, true);
  view(cap).setUint16(2, 1, true);
  return cap;
}
