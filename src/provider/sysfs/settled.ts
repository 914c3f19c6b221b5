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

/**
 * Devices whose creation was seen to be over. A device is known by the inode number of its folder, which sysfs does not give to
 * another within a boot (fs/kernfs: 32 bits and a generation), for others may remove a device and make one of its UUID again.
 */
export class Settled {
  readonly #inodes = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The kernel has said that the device is made. */
  async add(id: string, folder: string): Promise<void> {
    const inode = await inodeNumber(folder);
    if (inode !== undefined) this.#inodes.set(id, inode);
  }

  /**
   * Resolves when the creation of the device that is in the folder is over, or nothing is there.
   * @throws ProviderError EAGAIN while it does not show its type
   */
  async wait(id: string, folder: string, signal: AbortSignal): Promise<void> {
    for (let inode = await inodeNumber(folder); inode !== undefined && this.#inodes.get(id) !== inode;) {
      if ((await linkName(join(folder, 'mdev_type'))) === undefined)
        throw new ProviderError('EAGAIN', 'remove', `mdev ${id} is still being created`);
      await sleep(this.#clock, settling, signal);
      const now = await inodeNumber(folder);
      if (now === inode) this.#inodes.set(id, inode);
      inode = now;
    }
  }

  /** The device is gone. */
  delete(id: string): void {
    this.#inodes.delete(id);
  }

  /** Only these devices were found. One that was made meanwhile is waited for once more. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#inodes.keys()) if (!ids.has(id)) this.#inodes.delete(id);
  }
}
