import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { modelSpecSchema } from './drivers/model-spec.ts';
import { modelSpec } from './host-models.ts';
import type { ProfileParent } from './profile.ts';
import { parseProfile } from './profile.ts';

const mebibyte = 1 << 20;

function parents(name: string): readonly ProfileParent[] {
  return parseProfile(readFileSync(new URL(`../../profiles/${name}.yaml`, import.meta.url), 'utf8')).parents;
}

function parentOf(text: string): ProfileParent {
  const [parent] = parseProfile(`parents: [${text}]`).parents;
  if (parent === undefined) throw new Error('no parent');
  return parent;
}

const grid = (framebufferMiB: number, ids = ''): ProfileParent =>
  parentOf(
    `{name: p, model: grid, ${ids} types: [{id: t, name: T, instances: 1, heads: 4, frameRateLimit: 60, framebufferMiB: ${framebufferMiB}, maxResolution: 3840x2160}]}`,
  );
const gvt = (memoryMiB: number): ProfileParent =>
  parentOf(`{name: p, model: gvt, memoryMiB: ${memoryMiB}, types: [{id: t, name: T, memoryMiB: ${memoryMiB}, resolution: 1920x1200}]}`);

describe('the model of a device', () => {
  it('exists for every type of the default profile', () => {
    const models = parents('default').flatMap((parent) => {
      const ids = 'types' in parent ? parent.types.map(({ id }) => id) : parent.model === 'mtty' ? ['mtty-1', 'mtty-2'] : ['any'];
      return ids.map((id) => modelSpecSchema.parse(modelSpec(parent, id)).model);
    });
    expect(new Set(models)).toEqual(new Set(['grid', 'gvt', 'mtty', 'ccw', 'matrix']));
  });

  it('has the ports of its mtty type', () => {
    const [parent] = parents('mtty') as [ProfileParent];
    expect([modelSpec(parent, 'mtty-1'), modelSpec(parent, 'mtty-2')]).toEqual([
      { model: 'mtty', ports: 1 },
      { model: 'mtty', ports: 2 },
    ]);
  });

  it('has the ids of the profile, or the usual ones', () => {
    expect(modelSpec(grid(512), 't')).toMatchObject({ vendorID: 0x10de, deviceID: 0x13f2 });
    expect(modelSpec(grid(512, 'vendorID: "0x1234", deviceID: "0xabcd",'), 't')).toMatchObject({ vendorID: 0x1234, deviceID: 0xabcd });
    expect(modelSpec(gvt(128), 't')).toMatchObject({ vendorID: 0x8086, deviceID: 0x1926 });
  });

  it.each([
    [1, 1],
    [3, 2],
    [200, 128],
    [256, 256],
    [8192, 256],
  ])('of a grid type with %i MiB has a framebuffer BAR of %i MiB', (framebufferMiB, barMiB) => {
    expect(modelSpec(grid(framebufferMiB), 't')).toMatchObject({
      apertureBytes: barMiB * mebibyte,
      heads: 4,
      maxWidth: 3840,
      maxHeight: 2160,
    });
  });

  it.each([
    [1, 256, 1],
    [128, 256, 128],
    [129, 512, 129],
    [512, 1024, 512],
    [4096, 2048, 1024],
  ])('of a gvt type with %i MiB has an aperture of %i MiB and a share of %i MiB', (memoryMiB, apertureMiB, shareMiB) => {
    const spec = modelSpec(gvt(memoryMiB), 't');
    expect(spec).toMatchObject({ apertureBytes: apertureMiB * mebibyte, shareBytes: shareMiB * mebibyte, width: 1920, height: 1200 });
    expect(modelSpecSchema.parse(spec)).toEqual(spec);
  });

  it('is refused for a type that the parent has not', () => {
    for (const parent of parents('default')) {
      if (parent.model === 'ccw' || parent.model === 'matrix') continue;
      expect(() => modelSpec(parent, 'no-such-type')).toThrow('EINVAL');
    }
  });
});
