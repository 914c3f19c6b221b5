import type { RegionArea } from '../../vfio/model.ts';
import type { RegionHandler } from '../pci/function.ts';
import type { VideoMemory } from './video-memory.ts';

/** A BAR onto video memory of which the device gives `area` away, by accesses and by maps; what lies before it, `below` answers. The area ends with the BAR. */
export function aperture(memory: VideoMemory, area: RegionArea, below: RegionHandler): RegionHandler {
  const split = (offset: number, length: number): number => Math.min(Math.max(area.offset - offset, 0), length);
  return {
    read(offset, into) {
      const at = split(offset, into.length);
      if (at > 0) below.read(offset, into.subarray(0, at));
      memory.read(offset + at, into.subarray(at));
    },
    write(offset, from) {
      const at = split(offset, from.length);
      if (at > 0) below.write?.(offset, from.subarray(0, at));
      memory.write(offset + at, from.subarray(at));
    },
  };
}
