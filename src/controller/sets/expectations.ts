import type { MdevDevice } from '../../api/mdev-device.ts';
import type { Clock } from '../../lib/clock.ts';

/** How long what was written is believed without having been seen, ms: long enough for any watch that lives. */
const believed = 60_000;

interface Expected {
  readonly uid: string;
  /** The key of the set. */
  readonly set: string;
  readonly until: number;
}

/**
 * What was written and has not been seen yet, by the keys of devices. A plan made from a store that lags behind would else delete
 * a second device for one that is too many, or count one that was made as missing.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #created = new Map<string, Expected>();
  readonly #deleted = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  created(set: string, key: string, uid: string): void {
    this.#created.set(key, { uid, set, until: this.#clock.monotonic() + believed });
  }

  deleted(set: string, key: string, uid: string): void {
    this.#deleted.set(key, { uid, set, until: this.#clock.monotonic() + believed });
  }

  /** The store has heard of the object: it is there as `device`, or gone. */
  seen(key: string, device: MdevDevice | undefined): void {
    this.#created.delete(key);
    const deleted = this.#deleted.get(key);
    if (deleted !== undefined && (device?.metadata.uid !== deleted.uid || device.metadata.deletionTimestamp !== undefined)) {
      this.#deleted.delete(key);
    }
  }

  /** Whether this object was deleted, though a store shows it as it was. */
  isDeleted(key: string, uid: string | undefined): boolean {
    return this.#standing(this.#deleted, key)?.uid === uid && uid !== undefined;
  }

  /** What was created for a set and has not been seen yet: keys with UIDs. */
  createdFor(set: string): [key: string, uid: string][] {
    return [...this.#created.keys()].flatMap((key): [string, string][] => {
      const expected = this.#standing(this.#created, key);
      return expected?.set === set ? [[key, expected.uid]] : [];
    });
  }

  #standing(map: Map<string, Expected>, key: string): Expected | undefined {
    const expected = map.get(key);
    if (expected === undefined || expected.until > this.#clock.monotonic()) return expected;
    map.delete(key);
    return undefined;
  }
}
