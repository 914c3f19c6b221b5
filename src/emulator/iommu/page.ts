/** Bytes of a page. */
export const pageSize = 4096;

/** The page frame number of an address: address >> 12, exact below 2^53. */
export function toPfn(address: bigint): number {
  return Number(address >> 12n);
}

/** The address of a page's first byte. */
export function toAddress(pfn: number): bigint {
  return BigInt(pfn) << 12n;
}

/** The number of the address after the last one, 2^64. */
export const addressSpace = 1n << 64n;

export function isPageAligned(address: bigint): boolean {
  return (address & 0xfffn) === 0n;
}
