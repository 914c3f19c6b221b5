import { ErrnoError } from '../../lib/errno.ts';

const written = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\n?$/i;

/**
 * Reads a UUID as it is written to a sysfs file: 36 characters of either case and at most one newline after.
 * The nil UUID passes, as in the kernel; whoever sits above refuses it.
 * @returns the UUID in lower case
 * @throws ErrnoError EINVAL for anything else, a 37th character included
 */
export function parseUUIDText(text: string): string {
  if (!written.test(text)) {
    throw new ErrnoError('EINVAL', `${JSON.stringify(text.slice(0, 64))} is not a UUID of 36 characters with at most one newline after it`);
  }
  return text.slice(0, 36).toLowerCase();
}
