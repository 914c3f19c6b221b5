import { ErrnoError } from '../../lib/errno.ts';
import type { RegionInit } from './model.ts';

/**
 * How much of an access lies in the region: what runs over its end is cut, as vfio_pci_rw does.
 * @returns the offset as a number, and how many bytes may be read or written
 * @throws ErrnoError EINVAL no such region, none at this index, one that cannot be read or written, or an offset past its end
 */
export function regionAccess(
  regions: readonly RegionInit[],
  index: number,
  offset: bigint,
  length: number,
  write: boolean,
): { readonly offset: number; readonly length: number } {
  const region = regions[index];
  if (region === undefined || region.size === 0) throw new ErrnoError('EINVAL', `there is no region ${index}`);
  if (write ? !region.writable : !region.readable)
    throw new ErrnoError('EINVAL', `region ${index} cannot be ${write ? 'written' : 'read'}`);
  if (offset < 0n || offset >= BigInt(region.size))
    throw new ErrnoError('EINVAL', `region ${index} has ${region.size} bytes, and none at 0x${offset.toString(16)}`);
  const at = Number(offset);
  return { offset: at, length: Math.min(length, region.size - at) };
}
