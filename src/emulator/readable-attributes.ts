import { ErrnoError } from '../lib/errno.ts';
import type { MdevBus } from './mdev/bus.ts';

/** The attributes of a live device that can be read, by name, in the driver's order. @throws ErrnoError ENOENT when there is no such device, or it is not live */
export function readableAttributes(bus: MdevBus, uuid: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const name of bus.attributeNames(uuid)) {
    try {
      attributes[name] = bus.readAttribute(uuid, name);
    } catch (error) {
      // Write-only: not one of those that can be read.
      if (!(error instanceof ErrnoError && error.code === 'EACCES')) throw error;
    }
  }
  return attributes;
}
