/** The arguments of VFIO_IOMMU_MAP_DMA and UNMAP_DMA, and the answer to GET_INFO (drivers/vfio/vfio_iommu_type1.c). */
import { ErrnoError } from '../../lib/errno.ts';
import type { Type1 } from '../iommu/type1.ts';
import { argumentSize } from './argument.ts';
import { chainLength, writeChain } from './capability-chain.ts';
import { iommuCaps, iommuFlags, mapFlags, sizes, unmapFlags, view } from './uapi.ts';

/** dma_entry_limit of the module, which is what a container starts with. */
const maxMappings = 65_535;
/** One bit for each page size that can be mapped, 4 KiB and up; the kernel's PAGE_MASK. */
const pageSizes = 0xffff_ffff_ffff_f000n;
/** The end of cap_offset, which users of older headers leave out; and where capabilities start, after the struct's padding. */
const capOffsetEnd = 20;
const capsStart = 24;

export interface DMAMapRequest {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly vaddr: bigint;
  readonly iova: bigint;
  readonly size: bigint;
}

/**
 * struct vfio_iommu_type1_dma_map. VFIO_DMA_MAP_FLAG_VADDR is refused as the kernel refuses it beside mediated devices.
 * @throws ErrnoError EINVAL argsz too small, or a flag that is not known; EFAULT see argumentSize
 */
export function readMap(request: Uint8Array): DMAMapRequest {
  argumentSize(request, sizes.dmaMap, 'vfio_iommu_type1_dma_map');
  const fields = view(request);
  const flags = fields.getUint32(4, true);
  refuseUnknown(flags, mapFlags.read | mapFlags.write, 'vfio_iommu_type1_dma_map');
  return {
    readable: (flags & mapFlags.read) !== 0,
    writable: (flags & mapFlags.write) !== 0,
    vaddr: fields.getBigUint64(8, true),
    iova: fields.getBigUint64(16, true),
    size: fields.getBigUint64(24, true),
  };
}

/**
 * struct vfio_iommu_type1_dma_unmap: unmaps, and answers with the bytes unmapped in `size`. The flags for a dirty bitmap, which needs dirty
 * tracking, and for VADDR are refused.
 * @throws ErrnoError EINVAL argsz too small, a flag that is not known, or FLAG_ALL with a range; else as Type1.unmap
 */
export function unmap(dma: Type1, request: Uint8Array): Uint8Array {
  argumentSize(request, sizes.dmaUnmap, 'vfio_iommu_type1_dma_unmap');
  const fields = view(request);
  const flags = fields.getUint32(4, true);
  refuseUnknown(flags, unmapFlags.all, 'vfio_iommu_type1_dma_unmap');
  const iova = fields.getBigUint64(8, true);
  const size = fields.getBigUint64(16, true);
  const all = flags === unmapFlags.all;
  if (all && (iova !== 0n || size !== 0n)) throw new ErrnoError('EINVAL', 'VFIO_DMA_UNMAP_FLAG_ALL goes without a range');
  const unmapped = all ? dma.unmapAll() : dma.unmap(iova, size);
  const answer = request.slice(0, sizes.dmaUnmap);
  view(answer).setBigUint64(16, unmapped, true);
  return answer;
}

/**
 * struct vfio_iommu_type1_info: the page sizes, and as a capability how many mappings may still be made. Beside mediated devices alone
 * there are no IOVA ranges to tell. A buffer too small for the capability is treated as in regionInfo.
 * @throws ErrnoError EINVAL argsz too small; EFAULT see argumentSize
 */
export function iommuInfo(dma: Type1, request: Uint8Array): Uint8Array {
  const argsz = argumentSize(request, sizes.iommuInfo, 'vfio_iommu_type1_info');
  const body = new Uint8Array(8);
  view(body).setUint32(0, maxMappings - dma.mappings, true);
  const caps = [{ id: iommuCaps.dmaAvailable, body }];
  const needed = capsStart + chainLength(caps);
  const fits = argsz >= needed;
  const answer = new Uint8Array(fits ? needed : argsz < capOffsetEnd ? sizes.iommuInfo : capOffsetEnd);
  const fields = view(answer);
  fields.setUint32(0, needed, true);
  fields.setUint32(4, iommuFlags.pageSizes | iommuFlags.caps, true);
  fields.setBigUint64(8, pageSizes, true);
  if (!fits) return answer;
  fields.setUint32(16, capsStart, true);
  writeChain(answer, capsStart, caps);
  return answer;
}

function refuseUnknown(flags: number, known: number, struct: string): void {
  if ((flags & ~known) !== 0) throw new ErrnoError('EINVAL', `${struct} takes no flags 0x${(flags >>> 0).toString(16)}`);
}
