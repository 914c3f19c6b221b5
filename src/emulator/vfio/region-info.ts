import { ErrnoError } from '../../lib/errno.ts';
import { argumentSize } from './argument.ts';
import type { Capability } from './capability-chain.ts';
import { chainLength, writeChain } from './capability-chain.ts';
import type { RegionArea, RegionInit } from './model.ts';
import { regionCaps, regionFlags, regionShift, sizes, view } from './uapi.ts';

/**
 * VFIO_DEVICE_GET_REGION_INFO: struct vfio_region_info with its chain of capabilities. `argsz` of the answer is what the whole answer
 * needs (the kernel leaves a larger one as it was; vfio-user asks for this). A user whose buffer is too small for the chain gets the
 * struct alone, with cap_offset 0. The flags of the request have no meaning and go nowhere.
 * @throws ErrnoError EINVAL argsz smaller than the struct, or no such region; EFAULT see argumentSize
 */
export function regionInfo(regions: readonly RegionInit[], request: Uint8Array): Uint8Array {
  const argsz = argumentSize(request, sizes.regionInfo, 'vfio_region_info');
  const index = view(request).getUint32(8, true);
  const region = regions[index];
  if (region === undefined) throw new ErrnoError('EINVAL', `there is no region ${index}`);
  const caps = capabilitiesOf(region);
  const needed = sizes.regionInfo + chainLength(caps);
  const fits = argsz >= needed;
  const answer = new Uint8Array(fits ? needed : sizes.regionInfo);
  const fields = view(answer);
  fields.setUint32(0, needed, true);
  fields.setUint32(4, flagsOf(region) | (caps.length > 0 ? regionFlags.caps : 0), true);
  fields.setUint32(8, index, true);
  fields.setUint32(12, fits && caps.length > 0 ? sizes.regionInfo : 0, true);
  fields.setBigUint64(16, BigInt(region.size), true);
  fields.setBigUint64(24, BigInt(index) << regionShift, true);
  if (fits) writeChain(answer, sizes.regionInfo, caps);
  return answer;
}

function flagsOf({ size, readable, writable, mmap }: RegionInit): number {
  if (size === 0) return 0;
  return (readable ? regionFlags.read : 0) | (writable ? regionFlags.write : 0) | (mmap === undefined ? 0 : regionFlags.mmap);
}

function capabilitiesOf({ mmap, type }: RegionInit): Capability[] {
  const caps: Capability[] = [];
  const areas = mmap?.areas ?? [];
  if (areas.length > 0) caps.push({ id: regionCaps.sparseMmap, body: sparseMmap(areas) });
  if (type !== undefined) caps.push({ id: regionCaps.type, body: regionType(type) });
  return caps;
}

/** struct vfio_region_info_cap_sparse_mmap after its header: nr_areas, reserved, areas. */
function sparseMmap(areas: readonly RegionArea[]): Uint8Array {
  const body = new Uint8Array(8 + 16 * areas.length);
  const fields = view(body);
  fields.setUint32(0, areas.length, true);
  for (const [place, { offset, size }] of areas.entries()) {
    fields.setBigUint64(8 + 16 * place, BigInt(offset), true);
    fields.setBigUint64(16 + 16 * place, BigInt(size), true);
  }
  return body;
}

/** struct vfio_region_info_cap_type after its header. */
function regionType({ type, subtype }: { readonly type: number; readonly subtype: number }): Uint8Array {
  const body = new Uint8Array(8);
  view(body).setUint32(0, type, true);
  view(body).setUint32(4, subtype, true);
  return body;
}
