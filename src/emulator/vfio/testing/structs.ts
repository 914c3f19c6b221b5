/** The structs of linux/vfio.h as a user writes them: 32-bit numbers one after another, and 64-bit ones as bigints. */
export function struct(...fields: readonly (number | bigint)[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce<number>((sum, field) => sum + (typeof field === 'bigint' ? 8 : 4), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    if (typeof field === 'bigint') view.setBigUint64(at, field, true);
    else view.setUint32(at, field, true);
    at += typeof field === 'bigint' ? 8 : 4;
  }
  return bytes;
}

/** Appends bytes to a struct. */
export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The 32-bit number at a byte. */
export function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

export function u64(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at, true);
}

/** Flags of struct vfio_irq_set. */
export const set = { none: 1, bool: 2, eventfd: 4, mask: 8, unmask: 16, trigger: 32 } as const;

/** struct vfio_irq_set, with argsz as it must be unless told otherwise, and with DATA_EVENTFD a number for each interrupt. */
export function irqSet(flags: number, index: number, start: number, count: number, data = numbersFor(flags, count)): Uint8Array {
  return join(struct(20 + data.length, flags, index, start, count), data);
}

/** struct vfio_iommu_type1_dma_map: readable and writable unless told otherwise. */
export function dmaMap(iova: bigint, size: bigint, vaddr = iova, flags = 3): Uint8Array {
  return struct(32, flags, vaddr, iova, size);
}

/** struct vfio_iommu_type1_dma_unmap. */
export function dmaUnmap(iova: bigint, size: bigint, flags = 0): Uint8Array {
  return struct(24, flags, iova, size);
}

function numbersFor(flags: number, count: number): readonly number[] {
  return (flags & set.eventfd) === 0 || count > 64 ? [] : eventNumbers(...Array.from({ length: count }, (_, place) => place));
}

/** The data of DATA_EVENTFD: a number each, -1 to take away who is told. */
export function eventNumbers(...numbers: readonly number[]): readonly number[] {
  return [...struct(...numbers)];
}
