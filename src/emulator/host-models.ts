/** Which model the devices of a profile's parents get. */
import { ErrnoError } from '../lib/errno.ts';
import type { ModelSpec } from './drivers/model-spec.ts';
import type { ProfileParent } from './profile.ts';

const mebibyte = 1 << 20;
/** A guest's address space below 4 GiB, and what firmware sets aside above it, hold a few BARs of this size. */
const maxFramebufferMiB = 256;
const minApertureMiB = 256;
const maxShareMiB = 1024;

/** The model of a device of this parent and type. @throws ErrnoError EINVAL when the parent has no such type */
export function modelSpec(parent: ProfileParent, typeID: string): ModelSpec {
  switch (parent.model) {
    case 'grid': {
      const { framebufferMiB, heads, frameRateLimit, maxResolution } = typeOf(parent, typeID);
      const [maxWidth, maxHeight] = pixels(maxResolution);
      return {
        model: 'grid',
        vendorID: Number(parent.vendorID ?? '0x10de'),
        deviceID: Number(parent.deviceID ?? '0x13f2'),
        apertureBytes: powerOfTwoAtMost(Math.min(framebufferMiB, maxFramebufferMiB)) * mebibyte,
        heads,
        maxWidth,
        maxHeight,
        frameRateLimit,
      };
    }
    case 'gvt': {
      const { memoryMiB, resolution } = typeOf(parent, typeID);
      const [width, height] = pixels(resolution);
      const shareMiB = Math.min(memoryMiB, maxShareMiB);
      return {
        model: 'gvt',
        vendorID: Number(parent.vendorID ?? '0x8086'),
        deviceID: Number(parent.deviceID ?? '0x1926'),
        // Others have a part of the aperture as well, so that it is larger than the share.
        apertureBytes: Math.max(minApertureMiB, 2 * powerOfTwoAtLeast(shareMiB)) * mebibyte,
        shareBytes: shareMiB * mebibyte,
        width,
        height,
      };
    }
    case 'mtty':
      if (typeID !== 'mtty-1' && typeID !== 'mtty-2') throw noType(parent, typeID);
      return { model: 'mtty', ports: typeID === 'mtty-1' ? 1 : 2 };
    case 'ccw':
      return { model: 'ccw' };
    case 'matrix':
      return { model: 'matrix' };
  }
}

function typeOf<Type extends { readonly id: string }>(
  parent: { readonly name: string; readonly types: readonly Type[] },
  typeID: string,
): Type {
  const type = parent.types.find(({ id }) => id === typeID);
  if (type === undefined) throw noType(parent, typeID);
  return type;
}

function noType({ name }: { readonly name: string }, typeID: string): ErrnoError {
  return new ErrnoError('EINVAL', `parent ${name} has no type ${typeID}`);
}

/** Width and height of a resolution such as 1920x1200. */
function pixels(resolution: string): [number, number] {
  const [width = NaN, height = NaN] = resolution.split('x').map(Number);
  return [width, height];
}

function powerOfTwoAtMost(number: number): number {
  return 2 ** Math.floor(Math.log2(number));
}

function powerOfTwoAtLeast(number: number): number {
  return 2 ** Math.ceil(Math.log2(number));
}
