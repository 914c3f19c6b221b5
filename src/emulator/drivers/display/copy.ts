/** A copy as it is asked for, and how it is cut into slices. */
import { ErrnoError } from '../../../lib/errno.ts';
import { pageSize } from './pages.ts';

/** Where bytes are: in the memory of the device's user, by IOVA, or in the framebuffer, by offset from the start of its BAR. */
export interface Surface {
  readonly space: 'guest' | 'framebuffer';
  readonly address: bigint;
}

export interface Copy {
  readonly source: Surface;
  readonly destination: Surface;
  /** Bytes. */
  readonly length: number;
}

/** Bytes of the longest copy: 1 GiB. */
export const maxCopy = 1 << 30;
/** Bytes that are copied before others get their turn. */
export const sliceSize = 1 << 20;

/** What is wrong with a copy; undefined if nothing. `framebufferSize`: bytes of the BAR, the control page included. */
export function faultOf({ source, destination, length }: Copy, framebufferSize: number): ErrnoError | undefined {
  if (length < 1 || length > maxCopy) return new ErrnoError('EINVAL', `a copy has 1 to ${maxCopy} bytes, not ${length}`);
  for (const { space, address } of [source, destination]) {
    const end = address + BigInt(length);
    if (space === 'guest') {
      if (end > 1n << 64n)
        return new ErrnoError('EINVAL', `a surface of ${length} bytes at ${address} passes the end of the address space`);
    } else if (address < pageSize || end > framebufferSize) {
      return new ErrnoError('EINVAL', `a surface of ${length} bytes at ${address} is not within the framebuffer`);
    }
  }
  return undefined;
}

/** A part of a copy. */
export interface Slice {
  /** Bytes from the start of both surfaces. */
  readonly offset: number;
  readonly length: number;
}

/** The parts in the order in which no byte of the source is overwritten before it was read, when the surfaces overlap: as memmove. */
export function* slicesOf({ source, destination, length }: Copy): Generator<Slice, void> {
  const overlapsAhead =
    source.space === destination.space && destination.address > source.address && destination.address < source.address + BigInt(length);
  for (let done = 0; done < length;) {
    const part = Math.min(sliceSize, length - done);
    yield { offset: overlapsAhead ? length - done - part : done, length: part };
    done += part;
  }
}
