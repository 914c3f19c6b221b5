import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Copy } from './copy.ts';
import { faultOf, maxCopy, sliceSize, slicesOf } from './copy.ts';

const framebuffer = 1 << 22;

function guest(source: bigint, destination: bigint, length: number): Copy {
  return { source: { space: 'guest', address: source }, destination: { space: 'guest', address: destination }, length };
}

function toFramebuffer(offset: bigint, length: number): Copy {
  return { source: { space: 'guest', address: 0n }, destination: { space: 'framebuffer', address: offset }, length };
}

describe('a copy', () => {
  it.each([
    ['of nothing', guest(0n, 0n, 0), 'EINVAL'],
    ['of one byte', guest(0n, 0n, 1), undefined],
    ['of 1 GiB', guest(0n, 0n, maxCopy), undefined],
    ['of more', guest(0n, 0n, maxCopy + 1), 'EINVAL'],
    ['to the last byte of the address space', guest(0n, (1n << 64n) - 5n, 5), undefined],
    ['past it', guest((1n << 64n) - 5n, 0n, 6), 'EINVAL'],
    ['to the first byte of the framebuffer', toFramebuffer(4096n, 1), undefined],
    ['to the control page', toFramebuffer(4095n, 1), 'EINVAL'],
    ['to the last byte of the framebuffer', toFramebuffer(BigInt(framebuffer - 5), 5), undefined],
    ['past it', toFramebuffer(BigInt(framebuffer - 5), 6), 'EINVAL'],
  ])('%s is allowed or not', (_, copy, code) => {
    expect(faultOf(copy, framebuffer)?.code).toBe(code);
  });

  it('is cut into slices that cover it once, backwards only when the destination overlaps the source from behind', () => {
    const address = fc.integer({ min: 0, max: 8 << 20 }).map(BigInt);
    fc.assert(
      fc.property(address, address, fc.integer({ min: 1, max: 4 << 20 }), (source, destination, length) => {
        const slices = [...slicesOf(guest(source, destination, length))];
        const ascending = slices.toSorted((a, b) => a.offset - b.offset);
        let end = 0;
        for (const slice of ascending) {
          expect(slice.offset).toBe(end);
          expect(slice.length).toBeLessThanOrEqual(sliceSize);
          end += slice.length;
        }
        expect(end).toBe(length);
        // No slice is read after one that was written before it has overwritten a byte of it.
        for (const [index, written] of slices.entries()) {
          for (const read of slices.slice(index + 1)) {
            const apart =
              destination + BigInt(written.offset + written.length) <= source + BigInt(read.offset) ||
              source + BigInt(read.offset + read.length) <= destination + BigInt(written.offset);
            expect(apart).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
