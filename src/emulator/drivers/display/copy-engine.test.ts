import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errnoNumbers } from '../../../lib/errno.ts';
import { GridRig } from '../testing/grid.ts';
import { gridFlag, gridRegister, gridStatus } from './grid-registers.ts';

const page = 4096;
const mebibyte = 1 << 20;

/** The naive copy: each byte of the source is read before any of the destination is written. */
function naiveCopy(from: Uint8Array, source: number, to: Uint8Array, destination: number, length: number): void {
  const bytes = [];
  for (let index = 0; index < length; index++) bytes.push(from[source + index] ?? 0);
  for (const [index, byte] of bytes.entries()) to[destination + index] = byte;
}

describe('the copy engine over random ranges', () => {
  it('copies as memmove, in guest memory, in the framebuffer and between them', async () => {
    const size = 4 * mebibyte;
    const base = 0x7000_0000;
    const copies = fc.array(
      fc.record({
        source: fc.integer({ min: page, max: size - 1 }),
        // Mostly near the source, so that surfaces overlap.
        distance: fc.oneof(fc.integer({ min: -3 * page, max: 3 * page }), fc.integer({ min: -size, max: size })),
        length: fc.oneof(fc.integer({ min: 1, max: 2 * page }), fc.integer({ min: 1, max: 3 * mebibyte })),
        flags: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(copies, fc.integer({ min: 1, max: size / page - 1 }), async (requests, cut) => {
        const rig = new GridRig();
        // Two mappings side by side, as one address range.
        const low = rig.user.map(base, cut * page);
        const high = rig.user.map(base + cut * page, size - cut * page);
        const [guest, framebuffer] = [new Uint8Array(size), new Uint8Array(size)];
        for (let index = 0; index < size; index++) guest[index] = (index * 31 + (index >> 8)) & 0xff;
        low.set(guest.subarray(0, low.length));
        high.set(guest.subarray(low.length));
        for (const { source, distance, length: wanted, flags } of requests) {
          const destination = Math.min(Math.max(source + distance, page), size - 1);
          const length = Math.min(wanted, size - Math.max(source, destination));
          const [fromFramebuffer, toFramebuffer] = [
            (flags & gridFlag.sourceIsFramebuffer) !== 0,
            (flags & gridFlag.destinationIsFramebuffer) !== 0,
          ];
          naiveCopy(fromFramebuffer ? framebuffer : guest, source, toFramebuffer ? framebuffer : guest, destination, length);
          const result = await rig.copy({
            source: source + (fromFramebuffer ? 0 : base),
            destination: destination + (toFramebuffer ? 0 : base),
            length,
            flags,
          });
          expect(result).toEqual([gridStatus.done, 0]);
        }
        expect(Buffer.compare(Buffer.concat([low, high]), guest)).toBe(0);
        const shown = new Uint8Array(size - page);
        rig.model.read(1, page, shown);
        expect(Buffer.compare(shown, framebuffer.subarray(page))).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});

type Step =
  | { readonly kind: 'copy'; readonly source: number; readonly destination: number; readonly length: number }
  | { readonly kind: 'turns'; readonly count: number }
  | { readonly kind: 'unmap' | 'map'; readonly mapping: number }
  | { readonly kind: 'release' | 'reset' };

/** Four mappings of 1 MiB and a bit, one after another; the last is read-only. */
const mappingPages = 260;
const mappings = 4;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('copy'),
      source: fc.nat({ max: mappings * mappingPages * page }),
      destination: fc.nat({ max: mappings * mappingPages * page }),
      length: fc.oneof(fc.integer({ min: 0, max: 3 * page }), fc.integer({ min: 1, max: 2 * mappingPages * page })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turns'), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('unmap', 'map'), mapping: fc.nat({ max: mappings - 1 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('release', 'reset') }) },
);

describe('the pins of the copy engine in random sequences', () => {
  it('are what PINNED_PAGES says, grow by no copy that fails, and are gone after release, reset, unmap and close', async () => {
    const met = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const rig = new GridRig({ limit: 400 });
        const mapped = new Set<number>();
        const map = (mapping: number): void => {
          if (mapped.has(mapping)) return;
          rig.user.map(mapping * mappingPages * page, mappingPages * page, { writable: mapping !== mappings - 1 });
          mapped.add(mapping);
        };
        for (let mapping = 0; mapping < mappings; mapping++) map(mapping);
        /** Pins that there were when the copy under way began. */
        let before = 0;
        const busy = (): boolean => rig.read(gridRegister.status) === gridStatus.busy;

        for (const one of steps) {
          const wasBusy = busy();
          switch (one.kind) {
            case 'copy':
              if (!wasBusy) before = rig.user.pins;
              rig.start(one);
              break;
            case 'turns':
              for (let turn = 0; turn < one.count; turn++) await rig.user.step();
              break;
            case 'map':
              map(one.mapping);
              break;
            case 'unmap':
              if (mapped.delete(one.mapping)) rig.user.unmap(one.mapping * mappingPages * page);
              // It has taken pins of copies before, too.
              before = Math.min(before, rig.user.pins);
              break;
            case 'release':
              rig.write(gridRegister.release, 1);
              expect(rig.user.pins).toBe(0);
              break;
            case 'reset':
              rig.model.reset?.();
              rig.setCommand(6);
              expect(rig.user.pins).toBe(0);
          }
          expect(rig.read(gridRegister.pinnedPages)).toBe(rig.user.pins);
          const [status, error] = rig.result();
          if (error !== 0) met.set(error, (met.get(error) ?? 0) + 1);
          expect(error !== 0).toBe(status === gridStatus.error);
          if (wasBusy && status === gridStatus.error) expect(rig.user.pins).toBeLessThanOrEqual(before);
        }
        await rig.user.settle();
        expect(busy()).toBe(false);
        expect(rig.user.reported).toEqual([]);
        rig.user.close();
        expect(rig.user.strayCalls).toBe(0);
        expect(rig.services.allocated).toBe(0);
      }),
      { numRuns: 400 },
    );
    // The sequences must have met the errors that they are about.
    for (const code of ['EINVAL', 'EPERM', 'ENOMEM', 'EFAULT', 'EINTR'] as const) expect(met.get(errnoNumbers[code])).toBeGreaterThan(0);
  });
});
