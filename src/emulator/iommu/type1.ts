import { ErrnoError } from '../../lib/errno.ts';
import { dirtyBitmap } from './dirty.ts';
import { MappingList } from './mapping-list.ts';
import type { MapRequest } from './mapping.ts';
import { Mapping } from './mapping.ts';
import { addressSpace, isPageAligned, toPfn } from './page.ts';
import { pinPhysical, unpinPhysical } from './physical.ts';
import type { DMAUnmap } from './pinner.ts';
import { Pinner } from './pinner.ts';
import type { Task } from './task.ts';

export type { MapRequest } from './mapping.ts';
export type { Pinner } from './pinner.ts';

/** DIRTY_BITMAP_PAGES_MAX of vfio_iommu_type1.c. */
const maxBitmapPages = 2n ** 31n - 1n;

/** A group of a container: `physical` needs an IOMMU-capable domain, `local` has mediated devices only. Identity is the object. */
export interface DMAGroup {
  readonly kind: 'physical' | 'local';
}

export interface Type1Init {
  /** 65,535 if left out, as the module's parameter dma_entry_limit. */
  readonly maxMappings?: number;
  /** False for VFIO_TYPE1_IOMMU, true if left out: VFIO_TYPE1v2_IOMMU. */
  readonly v2?: boolean;
  /** A device left pins in a range that was unmapped, in spite of the notice; they were undone. */
  readonly onLeftover?: (iova: bigint, pages: number) => void;
  /** The limit, in bytes, refused to lock `pages` more for the task. */
  readonly onLimit?: (task: Task, pages: number, limit: number) => void;
}

/**
 * The type1 IOMMU backend of one container (drivers/vfio/vfio_iommu_type1.c, as reviewed): what is mapped, what is pinned of it, and
 * to whom that is accounted. All refusals are ErrnoErrors; what is refused changes nothing.
 *
 * What holds after every call: a task's account is the number of (mapping, page) pairs of its mappings, in all containers, that are
 * pinned and not reserved. A page mapped twice counts twice; a page that several devices pin counts once.
 */
export class Type1 implements Disposable {
  readonly #init: Type1Init;
  readonly #maxMappings: number;
  readonly #mappings = new MappingList();
  readonly #groups = new Set<DMAGroup>();
  readonly #pinners = new Set<Pinner>();
  /** Devices are being told of an unmap: nothing may be mapped or unmapped meanwhile. */
  #telling = false;

  constructor(init: Type1Init = {}) {
    this.#init = init;
    this.#maxMappings = init.maxMappings ?? 65_535;
  }

  /** How many mappings there are. */
  get mappings(): number {
    return this.#mappings.size;
  }

  /**
   * Takes a group in. The first physical one pins and accounts all that is mapped and not accounted already.
   * @throws ErrnoError EINVAL it is in already; EFAULT, ENOMEM, ENODEV what is mapped cannot be pinned
   */
  attachGroup(group: DMAGroup): void {
    this.#refuseWhileTelling();
    if (this.#groups.has(group)) throw new ErrnoError('EINVAL', 'the group is attached already');
    if (group.kind === 'physical' && !this.#physical) this.#pinAll();
    this.#groups.add(group);
  }

  /**
   * Takes a group out. With the last physical one goes what only it had pinned; with the last of any kind go the mappings.
   * @throws ErrnoError EINVAL it is not in
   */
  detachGroup(group: DMAGroup): void {
    this.#refuseWhileTelling();
    if (!this.#groups.delete(group)) throw new ErrnoError('EINVAL', 'the group is not attached');
    if (this.#groups.size === 0) for (const mapping of [...this.#mappings]) this.#remove(mapping);
    else if (group.kind === 'physical' && !this.#physical) for (const mapping of this.#mappings) unpinPhysical(mapping);
  }

  /**
   * VFIO_IOMMU_MAP_DMA. Beside a physical domain the range is pinned and accounted at once, else only what devices pin. The memory is the
   * mapping's from here on: it is released with it, or now when the mapping is refused.
   * @throws ErrnoError EINVAL not page aligned, empty, beyond the end of an address space, neither readable nor writable; EEXIST
   * overlaps a mapping; ENOSPC too many mappings; EFAULT, ENOMEM it cannot be pinned; ENODEV the task is gone
   */
  map(request: MapRequest): void {
    try {
      this.#map(request);
    } catch (error) {
      request.memory.release?.();
      throw error;
    }
  }

  #map(request: MapRequest): void {
    this.#refuseWhileTelling();
    const { iova, size, vaddr, readable, writable } = request;
    if (!isPageAligned(iova | size | vaddr)) throw new ErrnoError('EINVAL', 'IOVA, size and address are not whole pages');
    if (!readable && !writable) throw new ErrnoError('EINVAL', 'the mapping would be neither readable nor writable');
    refuseRange(iova, size);
    if (vaddr + size > addressSpace) throw new ErrnoError('EINVAL', 'the mapping goes beyond the end of the address space');
    const start = toPfn(iova);
    const next = this.#mappings.from(start);
    if (next !== undefined && next.iova < iova + size)
      throw new ErrnoError('EEXIST', `${show(iova, size)} overlaps ${show(next.iova, next.size)}`);
    if (this.#mappings.size >= this.#maxMappings) throw new ErrnoError('ENOSPC', `there are ${this.#mappings.size} mappings already`);
    const mapping = new Mapping(request);
    if (this.#physical) pinPhysical(mapping);
    this.#mappings.add(mapping);
  }

  /**
   * VFIO_IOMMU_UNMAP_DMA: takes out all mappings in the range, and tells each device that has pins in one of them.
   * @returns how many bytes were mapped
   * @throws ErrnoError EINVAL not page aligned, empty, beyond the end, or it would cut a mapping in two; what a device's handler throws,
   * after all has been done
   */
  unmap(iova: bigint, size: bigint): bigint {
    this.#refuseWhileTelling();
    if (!isPageAligned(iova | size)) throw new ErrnoError('EINVAL', 'IOVA and size are not whole pages');
    refuseRange(iova, size);
    const inside = this.#inside(iova, size);
    return this.#unmap(inside);
  }

  /** UNMAP_DMA with flag ALL. */
  unmapAll(): bigint {
    this.#refuseWhileTelling();
    return this.#unmap([...this.#mappings]);
  }

  /** Whether there is a mapping of exactly this range. */
  hasMapping(iova: bigint, size: bigint): boolean {
    const mapping = this.#mappings.find(toPfn(iova));
    return mapping?.iova === iova && mapping.size === size;
  }

  /**
   * VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP: a bit for each page of the range, set where something is pinned, which may be written at
   * any time; 64-bit little-endian words.
   * @throws ErrnoError EINVAL as unmap
   */
  dirtyBitmap(iova: bigint, size: bigint): Uint8Array {
    if (!isPageAligned(iova | size)) throw new ErrnoError('EINVAL', 'IOVA and size are not whole pages');
    refuseRange(iova, size);
    if (size >> 12n > maxBitmapPages) throw new ErrnoError('EINVAL', `a bitmap of ${size >> 12n} pages is too large`);
    return dirtyBitmap(toPfn(iova), Number(size >> 12n), this.#inside(iova, size));
  }

  /** Lets a device pin. `dmaUnmap` is called with a range that goes away and in which it has pins: it unpins them before it returns. */
  addPinner(dmaUnmap: DMAUnmap | undefined): Pinner {
    const { v2 = true, onLimit } = this.#init;
    const pinner = new Pinner({ mappings: this.#mappings, v2, onLimit }, dmaUnmap, () => this.#pinners.delete(pinner));
    this.#pinners.add(pinner);
    return pinner;
  }

  /**
   * Reads what is mapped, across mappings that follow each other (vfio_iommu_type1_dma_rw).
   * @throws ErrnoError EINVAL not mapped; EPERM mapped without that right; what the memory refuses with
   */
  async read(iova: bigint, into: Uint8Array): Promise<void> {
    await this.#access(iova, into, false);
  }

  /** As `read`. */
  async write(iova: bigint, from: Uint8Array): Promise<void> {
    await this.#access(iova, from, true);
  }

  /** Ends the container: all pins are undone, and nothing is charged any more. */
  [Symbol.dispose](): void {
    this.#refuseWhileTelling();
    for (const pinner of this.#pinners) pinner.release();
    for (const mapping of [...this.#mappings]) this.#remove(mapping);
    this.#groups.clear();
  }

  get #physical(): boolean {
    for (const { kind } of this.#groups) if (kind === 'physical') return true;
    return false;
  }

  #pinAll(): void {
    const pinned: Mapping[] = [];
    try {
      for (const mapping of this.#mappings) {
        pinPhysical(mapping);
        pinned.push(mapping);
      }
    } catch (error) {
      for (const mapping of pinned) unpinPhysical(mapping);
      throw error;
    }
  }

  /** The mappings that lie in the range. @throws ErrnoError EINVAL when one of them does so only in part */
  #inside(iova: bigint, size: bigint): Mapping[] {
    const mappings: Mapping[] = [];
    const end = iova + size;
    for (
      let mapping = this.#mappings.from(toPfn(iova));
      mapping !== undefined && mapping.iova < end;
      mapping = this.#mappings.from(mapping.end)
    ) {
      if (mapping.iova < iova || mapping.iova + mapping.size > end)
        throw new ErrnoError('EINVAL', `${show(iova, size)} would cut ${show(mapping.iova, mapping.size)} in two`);
      mappings.push(mapping);
    }
    return mappings;
  }

  #unmap(mappings: readonly Mapping[]): bigint {
    const errors: unknown[] = [];
    let bytes = 0n;
    for (const mapping of mappings) {
      this.#tell(mapping, errors);
      this.#remove(mapping);
      bytes += mapping.size;
    }
    if (errors.length > 0) throw errors[0];
    return bytes;
  }

  /** Tells those who have pins in the mapping that it goes away. */
  #tell(mapping: Mapping, errors: unknown[]): void {
    mapping.leaving = true;
    this.#telling = true;
    try {
      for (const pinner of [...this.#pinners]) {
        if ((mapping.tables.get(pinner)?.pages ?? 0) === 0) continue;
        try {
          pinner.dmaUnmap?.(mapping.iova, mapping.size);
        } catch (error) {
          errors.push(error);
        }
      }
    } finally {
      this.#telling = false;
    }
  }

  /** Takes the mapping out, and undoes what is still pinned. The kernel has a BUG() for devices that leave pins: we undo them. */
  #remove(mapping: Mapping): void {
    mapping.leaving = true;
    let left = 0;
    for (const pinner of [...mapping.tables.keys()]) left += pinner.drop(mapping);
    unpinPhysical(mapping);
    this.#mappings.remove(mapping);
    mapping.memory.release?.();
    if (left > 0) this.#init.onLeftover?.(mapping.iova, left);
  }

  async #access(iova: bigint, buffer: Uint8Array, write: boolean): Promise<void> {
    for (let done = 0; done < buffer.length;) {
      const at = iova + BigInt(done);
      const mapping = this.#mappings.find(toPfn(at));
      if (mapping === undefined || mapping.leaving) throw new ErrnoError('EINVAL', `0x${at.toString(16)} is not mapped`);
      if (write ? !mapping.writable : !mapping.readable)
        throw new ErrnoError('EPERM', `0x${at.toString(16)} is mapped without the right to ${write ? 'write' : 'read'}`);
      const offset = at - mapping.iova;
      const length = Math.min(buffer.length - done, Number(mapping.size - offset));
      const part = buffer.subarray(done, done + length);
      await (write ? mapping.memory.write(Number(offset), part) : mapping.memory.read(Number(offset), part));
      done += length;
    }
  }

  #refuseWhileTelling(): void {
    if (this.#telling) throw new ErrnoError('EBUSY', 'a range is being unmapped');
  }
}

/** @throws ErrnoError EINVAL for a range that is empty or goes beyond the end of the address space */
function refuseRange(iova: bigint, size: bigint): void {
  if (size <= 0n || iova < 0n) throw new ErrnoError('EINVAL', 'the range is empty');
  if (iova + size > addressSpace) throw new ErrnoError('EINVAL', 'the range goes beyond the end of the address space');
}

function show(iova: bigint, size: bigint): string {
  return `0x${iova.toString(16)}+0x${size.toString(16)}`;
}
