import { ErrnoError } from '../../lib/errno.ts';
import { view } from './uapi.ts';

/**
 * The first number of each struct: how many bytes the user has for request and answer together.
 * @param smallest bytes of the struct without what may follow it
 * @throws ErrnoError EINVAL argsz has not even room for the struct; EFAULT the user's memory ends before the struct does
 */
export function argumentSize(request: Uint8Array, smallest: number, struct: string): number {
  const argsz = request.length < 4 ? smallest : view(request).getUint32(0, true);
  if (argsz < smallest) throw new ErrnoError('EINVAL', `argsz of ${struct} is ${argsz}, and the struct has ${smallest} bytes`);
  refuseMissing(request, smallest, struct);
  return argsz;
}

/** Where the kernel's copy_from_user fails. @throws ErrnoError EFAULT when `request` has fewer than `length` bytes */
export function refuseMissing(request: Uint8Array, length: number, struct: string): void {
  if (request.length < length)
    throw new ErrnoError('EFAULT', `${struct} needs ${length} bytes, and only ${request.length} of the memory it is in are there`);
}
