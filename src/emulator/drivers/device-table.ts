import { ErrnoError } from '../../lib/errno.ts';
import type { MdevIdentity } from '../mdev/driver.ts';

/** A driver's own state of each of its devices. */
export class DeviceTable<State> {
  readonly #states = new Map<MdevIdentity, State>();

  get size(): number {
    return this.#states.size;
  }

  add(mdev: MdevIdentity, state: State): void {
    this.#states.set(mdev, state);
  }

  /** @throws ErrnoError ENODEV when the driver has no such device */
  get(mdev: MdevIdentity): State {
    const state = this.#states.get(mdev);
    if (state === undefined) throw new ErrnoError('ENODEV', `the driver has no device ${mdev.uuid}`);
    return state;
  }

  /** Takes the device out. @throws ErrnoError ENODEV when the driver has no such device */
  take(mdev: MdevIdentity): State {
    const state = this.get(mdev);
    this.#states.delete(mdev);
    return state;
  }

  values(): IterableIterator<State> {
    return this.#states.values();
  }
}
