export type UeventAction = 'add' | 'bind' | 'unbind' | 'remove' | 'online' | 'offline' | 'change';

/** A message as the kernel broadcasts it (NETLINK_KOBJECT_UEVENT). */
export interface Uevent {
  /** Grows by one with each event of this boot. */
  readonly seqnum: number;
  readonly action: UeventAction;
  /** `mdev` for a device, the parent's own bus for a parent. */
  readonly subsystem: string;
  readonly devpath: string;
  /** The parent that the event is about, or whose device it is about. */
  readonly parent: string;
  /** The device's UUID; absent when the event is about the parent. */
  readonly uuid?: string;
  /** Further variables, such as MDEV_STATE=registered. */
  readonly env: Readonly<Record<string, string>>;
}

/** Hands uevents to whoever subscribed, in order, before the operation that caused them goes on. */
export class Uevents {
  #seqnum = 0;
  readonly #listeners = new Set<(event: Uevent) => void>();

  /** Calls `listener` for each event from now on; the returned function ends that. What a listener throws ends the process as uncaught. */
  subscribe(listener: (event: Uevent) => void): () => void {
    const entry = (event: Uevent): void => {
      listener(event);
    };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  emit(event: Omit<Uevent, 'seqnum'>): void {
    const numbered = { seqnum: ++this.#seqnum, ...event };
    for (const listener of this.#listeners) {
      try {
        listener(numbered);
      } catch (error) {
        // A watcher's fault must not undo half a creation, nor be lost.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
