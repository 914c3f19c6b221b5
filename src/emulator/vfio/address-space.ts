import { pageSize } from '../iommu/page.ts';
import type { Pinner } from '../iommu/type1.ts';
import { Type1 } from '../iommu/type1.ts';

/** In bytes: what the process had locked, what it may, and how much more was asked for. */
export interface LimitRefusal {
  readonly lockedBytes: number;
  readonly limitBytes: number;
  readonly wantedBytes: number;
}

export type OnLimit = (refusal: LimitRefusal) => void;

export interface AddressSpaceInit {
  /** False for VFIO_TYPE1_IOMMU; true if left out, VFIO_TYPE1v2_IOMMU. */
  readonly v2?: boolean;
  /** A device left pages pinned in a range that was unmapped; they were unpinned. */
  readonly onLeftover?: ((iova: bigint, pages: number) => void) | undefined;
}

/** What the devices of one user share: a type1 IOMMU, which tells of a refusal by the limit to the device that was refused. */
export class AddressSpace {
  readonly dma: Type1;
  /** Of the device whose pin is under way. */
  #onLimit: OnLimit | undefined;

  constructor({ v2 = true, onLeftover }: AddressSpaceInit = {}) {
    this.dma = new Type1({
      v2,
      ...(onLeftover !== undefined && { onLeftover }),
      onLimit: (task, pages, limitBytes) =>
        this.#onLimit?.({ lockedBytes: task.locked.pages * pageSize, limitBytes, wantedBytes: pages * pageSize }),
    });
  }

  /** See DeviceUser.pinPages. `onLimit` is told when the limit refuses it. */
  pin(
    pinner: Pinner,
    onLimit: OnLimit | undefined,
    ...[pfns, count, writable, hostPfns]: readonly [Float64Array, number, boolean, Float64Array]
  ): void {
    this.#onLimit = onLimit;
    try {
      pinner.pin(pfns, count, writable, hostPfns);
    } finally {
      this.#onLimit = undefined;
    }
  }
}
