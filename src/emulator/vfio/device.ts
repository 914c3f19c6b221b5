import { ErrnoError } from '../../lib/errno.ts';
import { pageSize } from '../iommu/page.ts';
import { Type1 } from '../iommu/type1.ts';
import { DeviceFile } from './device-file.ts';
import type { DeviceModel } from './model.ts';

/** How a device is opened. */
export interface OpenInit {
  /** The readable vendor attributes of the mdev. */
  readonly attributes: Readonly<Record<string, string>>;
  /** See DeviceUser.run. */
  readonly run: (work: () => Promise<void>) => void;
  /** Called after the device's pins have changed. */
  readonly onPins?: () => void;
  /** The user's limit refused to lock more. */
  readonly onLimit?: (refusal: LimitRefusal) => void;
  /** The device left pages pinned in a range that was unmapped; they were unpinned. */
  readonly onLeftover?: (iova: bigint, pages: number) => void;
}

/** In bytes: what the process had locked, what it may, and how much more was asked for. */
export interface LimitRefusal {
  readonly lockedBytes: number;
  readonly limitBytes: number;
  readonly wantedBytes: number;
}

/** One mdev as VFIO shows it, from the bind of its bus driver to the unbind. */
export class VfioDevice {
  readonly uuid: string;
  readonly model: DeviceModel;
  #openedAlone = false;

  constructor(uuid: string, model: DeviceModel) {
    this.uuid = uuid;
    this.model = model;
  }

  /**
   * Opens it as the VFIO character device of the device is opened: for one user alone, with an address space of its own.
   * @throws ErrnoError EBUSY it is open; what the model refuses with
   */
  open(init: OpenInit): DeviceFile {
    if (this.#openedAlone) throw new ErrnoError('EBUSY', `mdev ${this.uuid} is open`);
    const { onLimit, onLeftover } = init;
    const dma = new Type1({
      ...(onLeftover !== undefined && { onLeftover }),
      onLimit: (task, pages, limitBytes) =>
        onLimit?.({ lockedBytes: task.locked.pages * pageSize, limitBytes, wantedBytes: pages * pageSize }),
    });
    dma.attachGroup({ kind: 'local' });
    const file = new DeviceFile({
      ...init,
      model: this.model,
      dma,
      onClose: () => {
        dma[Symbol.dispose]();
        this.#openedAlone = false;
      },
    });
    this.#openedAlone = true;
    file.openModel();
    return file;
  }

  /** The device is unbound. */
  dispose(): void {
    this.model.dispose();
  }
}
