import { ErrnoError } from '../lib/errno.ts';
import type { MdevBus } from './mdev/bus.ts';

/** An attribute of a device, with its value. */
interface ReadAttribute {
  readonly name: string;
  readonly value: string;
}

/** The attributes of a live device that can be read, in the driver's order. @throws ErrnoError ENOENT when there is no such device, or it is not live */
export function readableAttributes(bus: MdevBus, uuid: string): ReadAttribute[] {
  return bus.attributeNames(uuid).flatMap((name) => {
    try {
      return [{ name, value: bus.readAttribute(uuid, name) }];
    } catch (error) {
      // Write-only: not one of those that can be read.
      if (error instanceof ErrnoError && error.code === 'EACCES') return [];
      throw error;
    }
  });
}
