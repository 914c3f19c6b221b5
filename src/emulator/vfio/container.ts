import { ErrnoError } from '../../lib/errno.ts';
import type { Memory } from '../iommu/memory.ts';
import type { Task } from '../iommu/task.ts';
import type { DMAGroup } from '../iommu/type1.ts';
import { AddressSpace } from './address-space.ts';
import { iommuInfo, readMap, unmap } from './dma-request.ts';
import { apiVersion, extensions } from './uapi.ts';

/** The process that calls. */
export interface Caller {
  readonly task: Task;
  /** Its memory from `vaddr` on. */
  memory(vaddr: bigint, size: bigint): Memory;
}

export interface ContainerInit {
  /** A device left pages pinned in a range that was unmapped; they were unpinned. */
  readonly onLeftover?: ((iova: bigint, pages: number) => void) | undefined;
}

/**
 * What /dev/vfio/vfio opens (drivers/vfio/container.c): a set of groups with one IOMMU for them all. It has an IOMMU, and mappings, from
 * `setIOMMU` until its last group leaves; closing the file ends neither. All refusals are ErrnoErrors; EBADF: the file is closed.
 */
export class Container {
  readonly #init: ContainerInit;
  readonly #groups = new Set<DMAGroup>();
  #space: AddressSpace | undefined;
  #closed = false;

  constructor(init: ContainerInit) {
    this.#init = init;
  }

  /** Where its devices' user is mapped; undefined while no IOMMU is set. */
  get space(): AddressSpace | undefined {
    return this.#space;
  }

  /** VFIO_GET_API_VERSION */
  getAPIVersion(): number {
    this.#refuseClosed();
    return apiVersion;
  }

  /** VFIO_CHECK_EXTENSION: 1 where it is there, else 0. */
  checkExtension(extension: number): number {
    this.#refuseClosed();
    switch (extension) {
      case extensions.type1:
      case extensions.type1v2:
      case extensions.unmapAll:
        return 1;
      // Of this only an IOMMU that is set knows; mediated devices do not lessen it.
      case extensions.dmaCoherent:
        return this.#space === undefined ? 0 : 1;
      default:
        return 0;
    }
  }

  /**
   * VFIO_SET_IOMMU, once, when a group is in.
   * @throws ErrnoError EINVAL no group is attached, or an IOMMU is set; ENODEV a type that is not there
   */
  setIOMMU(type: number): void {
    this.#refuseClosed();
    if (this.#groups.size === 0) throw new ErrnoError('EINVAL', 'no group is attached to the container');
    if (this.#space !== undefined) throw new ErrnoError('EINVAL', 'the container has an IOMMU already');
    if (type !== extensions.type1 && type !== extensions.type1v2) throw new ErrnoError('ENODEV', `there is no IOMMU of type ${type}`);
    const space = new AddressSpace({ v2: type === extensions.type1v2, onLeftover: this.#init.onLeftover });
    for (const group of this.#groups) space.dma.attachGroup(group);
    this.#space = space;
  }

  /** VFIO_IOMMU_GET_INFO. EINVAL: no IOMMU is set; see iommuInfo. */
  iommuInfo(request: Uint8Array): Uint8Array {
    return iommuInfo(this.#iommu.dma, request);
  }

  /** VFIO_IOMMU_MAP_DMA, of the caller's memory. EINVAL: no IOMMU is set; see readMap and Type1.map. */
  mapDMA(request: Uint8Array, caller: Caller): void {
    const { dma } = this.#iommu;
    const map = readMap(request);
    dma.map({ ...map, task: caller.task, memory: caller.memory(map.vaddr, map.size) });
  }

  /** VFIO_IOMMU_UNMAP_DMA; the answer's `size` says how many bytes were unmapped. EINVAL: no IOMMU is set; see unmap. */
  unmapDMA(request: Uint8Array): Uint8Array {
    return unmap(this.#iommu.dma, request);
  }

  /** Closes the file. Groups that are attached stay so, with all that is mapped. A second call does nothing. */
  close(): void {
    this.#closed = true;
  }

  /** For GroupFile.setContainer. @throws ErrnoError EBADF the file is closed; what the IOMMU refuses with */
  attach(group: DMAGroup): void {
    this.#refuseClosed();
    this.#space?.dma.attachGroup(group);
    this.#groups.add(group);
  }

  /** Undoes `attach`. With the last group the IOMMU goes, and all that is mapped. */
  detach(group: DMAGroup): void {
    this.#space?.dma.detachGroup(group);
    this.#groups.delete(group);
    if (this.#groups.size === 0) this.#space = undefined;
  }

  get #iommu(): AddressSpace {
    this.#refuseClosed();
    if (this.#space === undefined) throw new ErrnoError('EINVAL', 'no IOMMU is set for the container');
    return this.#space;
  }

  #refuseClosed(): void {
    if (this.#closed) throw new ErrnoError('EBADF', 'the container was closed');
  }
}
