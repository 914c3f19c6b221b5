import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { errnoOf } from '../../../lib/errno.ts';
import { filesAtOnce } from '../files.ts';
import type { MadeDevice, MadePaths } from './messages.ts';

const { linkName, exists, names } = filesAtOnce;

/** So long is the longest text that sysfs gives, bytes: a page (fs/sysfs/file.c). */
const longestText = 4_096;

/**
 * Looks at devices that have just been made, in a process that has nothing else to do, at as few files as will do: each costs a fifth of what
 * making a device does. The type is not looked up, for the kernel has just said that it made one of it, and the types' files are kept open.
 */
export class MadeDevices {
  /** By path. The file of a driver that has gone reads as ENODEV. */
  readonly #texts = new Map<string, number>();
  readonly #buffer = Buffer.alloc(longestText);

  /** Undefined where it is going again, where it has no group, or cannot be read: whoever asked looks for themselves, at everything. */
  look({ folder, deviceAPI, vfio }: MadePaths): MadeDevice | undefined {
    try {
      const { ino: inode } = statSync(folder);
      const group = linkName(`${folder}/iommu_group`);
      if (group === undefined) return undefined;
      const groupPath = `${vfio}/${group}`;
      const cdevs = `${vfio}/devices`;
      const cdev = exists(cdevs) ? names(`${folder}/vfio-dev`)[0] : undefined;
      const cdevPath = cdev === undefined ? undefined : `${cdevs}/${cdev}`;
      return {
        inode,
        group,
        deviceAPI: this.#text(deviceAPI),
        ...(exists(groupPath) && { groupPath }),
        ...(cdevPath !== undefined && exists(cdevPath) && { cdevPath }),
      };
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }

  /** @throws the system's error, too where there is no such file: not every type says what its devices are */
  #text(path: string): string {
    const kept = this.#texts.get(path);
    if (kept !== undefined) {
      try {
        return this.#read(kept);
      } catch {
        closeSync(kept);
        this.#texts.delete(path);
      }
    }
    const file = openSync(path, constants.O_RDONLY);
    this.#texts.set(path, file);
    return this.#read(file);
  }

  #read(file: number): string {
    return this.#buffer.toString('utf8', 0, readSync(file, this.#buffer, 0, longestText, 0)).trim();
  }
}
