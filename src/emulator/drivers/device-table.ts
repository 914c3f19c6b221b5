import { ErrnoError } from '../../lib/errno.ts';

/** A driver's own state of each of its devices. */
export class DeviceTable<State> {
  readonly #states = new Map<string, State>();

  get size(): number {
    return this.#states.size;
  }

  add(uuid: string, state: State): void {
    this.#states.set(uuid, state);
  }

  /** @throws ErrnoError ENODEV when the driver has no such device */
  get(uuid: string): State {
    const state = this.#states.get(uuid);
    if (state === undefined) throw new ErrnoError('ENODEV', `the driver has no device ${uuid}`);
    return state;
  }

  /** Takes the device out. @throws ErrnoError ENODEV when the driver has no such device */
  take(uuid: string): State {
    const state = this.get(uuid);
    this.#states.delete(uuid);
    return state;
  }

  values(): IterableIterator<State> {
    return this.#states.values();
  }
}
