/**
 * The memory behind one mapping, as get_user_pages finds it. Pages are counted from the start of the mapping: page 0 is its first.
 *
 * Guarantee: a page that was taken stays the same host page until it is given back as often as it was taken.
 */
export interface Memory {
  /**
   * Takes up to `count` pages from `page` on, and writes their host page frame numbers to `pfns` from `at` on.
   * @returns how many were taken, from the first on; fewer than asked for where the next is not there, 0 where none is (EFAULT to the caller)
   */
  pin(page: number, count: number, writable: boolean, pfns: Float64Array, at: number): number;
  /** The host page frame number of a page that is taken. */
  pfn(page: number): number;
  /** Gives back one page that `pin` took. `dirty`: it may have been written. Absent: nothing is held by taking a page. */
  unpin?(page: number, dirty: boolean): void;
  /** Whether the host page is no RAM, such as another device's BAR: such pages are never accounted. Absent: none is. */
  isReserved?(pfn: number): boolean;
  /** Reads from `offset` (bytes, from the start of the mapping) on. @throws ErrnoError EFAULT when there is nothing, EIO or ENODEV when its owner does not answer */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** As `read`. */
  write(offset: number, from: Uint8Array): Promise<void>;
  /** The mapping is gone, or was refused: lets go of what it was made of. What still reads or writes is refused. */
  release?(): void;
}
