import { ErrnoError } from '../../lib/errno.ts';
import type { DMAGroup } from '../iommu/type1.ts';
import { AddressSpace } from './address-space.ts';
import { DeviceFile } from './device-file.ts';
import type { DeviceModel } from './model.ts';
import type { SessionInit, Session } from './session.ts';
import { beginSession, endSession } from './session.ts';
import { takeAll } from './teardown.ts';

export type { LimitRefusal } from './address-space.ts';

/** How a device is opened for a user with an address space of its own. */
export interface OpenInit extends SessionInit {
  /** The device left pages pinned in a range that was unmapped; they were unpinned. */
  readonly onLeftover?: ((iova: bigint, pages: number) => void) | undefined;
}

/** One mdev as VFIO shows it, from the bind of its bus driver to the unbind. */
export class VfioDevice {
  readonly uuid: string;
  readonly model: DeviceModel;
  #session: Session | undefined;
  #files = 0;
  #disposed = false;

  constructor(uuid: string, model: DeviceModel) {
    this.uuid = uuid;
    this.model = model;
  }

  /**
   * Opens it as the VFIO character device of the device is opened: for one user alone, with an address space of its own, which goes at
   * the close.
   * @throws ErrnoError EBUSY it is open, ENODEV it is unbound; what the model refuses with
   */
  open(init: OpenInit): DeviceFile {
    this.#refuseDisposed();
    if (this.#session !== undefined) throw new ErrnoError('EBUSY', `mdev ${this.uuid} is open`);
    const space = new AddressSpace({
      onLeftover: (iova, pages) => {
        init.onPins?.();
        init.onLeftover?.(iova, pages);
      },
    });
    const group: DMAGroup = { kind: 'local' };
    space.dma.attachGroup(group);
    const session = beginSession(this.model, space, init);
    this.#session = session;
    return this.#file(session, () => {
      space.dma.detachGroup(group);
    });
  }

  /**
   * Opens it in the address space of a container that its group is attached to. Further opens in the same one share the first one's
   * interrupts, pins and `init`, until the last is closed.
   * @throws ErrnoError EBUSY it is open elsewhere, ENODEV it is unbound; what the model refuses with
   */
  openIn(space: AddressSpace, init: SessionInit): DeviceFile {
    this.#refuseDisposed();
    if (this.#session !== undefined && this.#session.space !== space)
      throw new ErrnoError('EBUSY', `mdev ${this.uuid} is open by another way`);
    this.#session ??= beginSession(this.model, space, init);
    return this.#file(this.#session, () => undefined);
  }

  /** The device is unbound: its model goes. A second call does nothing. @throws ErrnoError EBUSY it is open */
  dispose(): void {
    if (this.#session !== undefined) throw new ErrnoError('EBUSY', `mdev ${this.uuid} is open, and cannot be unbound`);
    if (this.#disposed) return;
    this.#disposed = true;
    this.model.dispose();
  }

  #file(session: Session, onEnd: () => void): DeviceFile {
    this.#files++;
    return new DeviceFile(session, () => {
      if (--this.#files > 0) return;
      this.#session = undefined;
      takeAll(() => {
        endSession(session);
      }, onEnd);
    });
  }

  #refuseDisposed(): void {
    if (this.#disposed) throw new ErrnoError('ENODEV', `mdev ${this.uuid} is unbound`);
  }
}
