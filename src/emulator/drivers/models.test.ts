import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelSpecSchema } from './model-spec.ts';
import type { ModelSpec } from './model-spec.ts';
import { createModel } from './models.ts';
import { MemoryUser } from './testing/device-user.ts';
import { MemoryServices } from './testing/services.ts';

const mebibyte = 1 << 20;
const grid = {
  model: 'grid',
  vendorID: 0x10de,
  deviceID: 0x13f2,
  apertureBytes: 2 * mebibyte,
  heads: 1,
  maxWidth: 800,
  maxHeight: 600,
  frameRateLimit: 60,
} as const;
const gvt = {
  model: 'gvt',
  vendorID: 0x8086,
  deviceID: 0x1926,
  apertureBytes: 2 * mebibyte,
  shareBytes: mebibyte,
  width: 800,
  height: 600,
} as const;
const specs: ModelSpec[] = [{ model: 'mtty', ports: 1 }, { model: 'mtty', ports: 2 }, grid, gvt, { model: 'ccw' }, { model: 'matrix' }];

describe('the specification of a model', () => {
  it('is taken as it is, also after a trip between threads', () => {
    for (const spec of specs) expect(modelSpecSchema.parse(structuredClone(spec))).toEqual(spec);
  });

  it.each([
    ['nothing', undefined],
    ['an unknown model', { model: 'tty' }],
    ['three ports', { model: 'mtty', ports: 3 }],
    ['a field too many', { model: 'ccw', ports: 1 }],
    ['a vendor of 17 bits', { ...grid, vendorID: 0x10000 }],
    ['a BAR that is no power of two', { ...grid, apertureBytes: 3 * mebibyte }],
    ['a BAR of 4 GiB', { ...grid, apertureBytes: 2 ** 32 }],
    ['a share beyond the aperture', { ...gvt, shareBytes: 3 * mebibyte }],
    ['half a page of a share', { ...gvt, shareBytes: mebibyte + 2048 }],
  ])('is refused with %s', (_, spec) => {
    expect(modelSpecSchema.safeParse(spec).success).toBe(false);
  });
});

describe('vfio-ap', () => {
  it('has no region; a reset does nothing, and the request interrupt asks for the device', () => {
    const model = createModel({ model: 'matrix' }, new MemoryServices());
    const user = new MemoryUser();
    user.open(model);
    expect([model.api, model.regions.length, model.irqs.map(({ count }) => count)]).toEqual(['vfio-ap', 0, [1]]);
    model.reset?.();
    model.request?.();
    expect(user.signalsOf(0)).toBe(1);
    expect(() => model.read(0, 0, new Uint8Array(1))).toThrow('EINVAL');
  });
});

describe('every model', () => {
  it.each(specs)('$model has the table of its API, and whatever is read and written within it answers', async (spec) => {
    const apis = { mtty: 'vfio-pci', grid: 'vfio-pci', gvt: 'vfio-pci', ccw: 'vfio-ccw', matrix: 'vfio-ap' } as const;
    const access = fc.record({
      region: fc.nat({ max: 9 }),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
      write: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(access, { maxLength: 50 }), async (accesses) => {
        const services = new MemoryServices();
        const model = createModel(spec, services);
        expect(model.api).toBe(apis[spec.model]);
        const user = new MemoryUser({ attributes: { 'vendor/port0_backend': 'socket' } });
        user.open(model);
        user.map(0, 16 * 4096);
        for (const { region, place, bytes, write } of accesses) {
          const { size, readable, writable } = model.regions[region] ?? { size: 0, readable: false, writable: false };
          if (size < bytes.length || !(write ? writable : readable)) continue;
          const offset = Math.floor(place * (size - bytes.length));
          // vfio-ccw refuses parts of its region.
          if (spec.model === 'ccw') expect(() => model.read(region, offset, bytes)).toThrow('EINVAL');
          else expect(write ? model.write(region, offset, bytes) : model.read(region, offset, bytes)).toBe(bytes.length);
        }
        model.reset?.();
        await user.settle();
        expect(user.reported).toEqual([]);
        user.close();
        model.dispose();
        expect([user.strayCalls, services.allocated, services.streams.size]).toEqual([0, 0, 0]);
      }),
      { numRuns: 50 },
    );
  });
});
