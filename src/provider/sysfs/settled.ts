import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { sleep } from '../../lib/clock.ts';
import { ProviderError } from '../contract.ts';
import { inodeNumber, linkName } from './files.ts';

/**
 * Between the moment that a device shows its type and the one that its creation is over there is a moment in which a removal would
 * take the device's `remove` file away and not the device (mdev_core.c: `active` is set last). Nobody tells when it has passed. ms
 */
const settling = 200;

/** A device whose creation is over. */
export interface Known {
  readonly parent: string;
  readonly typeID: string;
  /** Of its folder. */
  readonly inode: number;
}

/**
 * Devices whose creation was seen to be over. A device is known by the inode number of its folder, which sysfs does not give to
 * another within a boot (fs/kernfs: 32 bits and a generation), for others may remove a device and make one of its UUID again.
 */
export class Settled {
  readonly #known = new Map<string, Known>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The kernel has said that the device is made. */
  add(id: string, known: Known): void {
    this.#known.set(id, known);
  }

  get(id: string): Known | undefined {
    return this.#known.get(id);
  }

  /**
   * Resolves when the creation of the device that is in the folder is over; undefined where nothing is there any more.
   * @throws ProviderError EAGAIN while it does not show its type
   */
  async wait(id: string, parent: string, folder: string, signal: AbortSignal): Promise<Known | undefined> {
    for (let inode = await inodeNumber(folder); inode !== undefined;) {
      const known = this.#known.get(id);
      if (known?.inode === inode) return known;
      const typeID = await linkName(join(folder, 'mdev_type'));
      if (typeID === undefined) throw new ProviderError('EAGAIN', 'remove', `mdev ${id} is still being created`);
      await sleep(this.#clock, settling, signal);
      const now = await inodeNumber(folder);
      if (now === inode) this.#known.set(id, { parent, typeID, inode });
      inode = now;
    }
    return undefined;
  }

  /** The device is gone. */
  delete(id: string): void {
    this.#known.delete(id);
  }

  /** Only these devices were found. One that was made meanwhile is waited for once more. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}
