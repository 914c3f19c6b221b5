import { parseProfile, type Profile } from '../../src/emulator/profile.ts';

/** A GPU of which every type but that of the first device drops to 0. */
export const gpu = '0000:86:00.0';
/** A pool of 1 GiB. */
export const gvt = '0000:00:02.0';
/** Devices that take attributes. */
export const matrix = 'matrix';
export const foreignUUID = '0f0f0f0f-0000-4000-8000-000000000001';

/** Small parents of each kind, and a foreign device. */
export function testProfile(): Profile {
  return parseProfile(`
parents:
  - name: '${gpu}'
    model: grid
    types:
      - { id: nvidia-11, name: GRID M60-0B, instances: 3, heads: 2, frameRateLimit: 45, framebufferMiB: 512, maxResolution: 2560x1600 }
      - { id: nvidia-18, name: GRID M60-8Q, instances: 1, heads: 4, frameRateLimit: 60, framebufferMiB: 8192, maxResolution: 3840x2160 }
  - name: '${gvt}'
    model: gvt
    memoryMiB: 1024
    types:
      - { id: i915-GVTg_V5_8, name: GVTg_V5_8, memoryMiB: 128, resolution: 1024x768 }
      - { id: i915-GVTg_V5_4, name: GVTg_V5_4, memoryMiB: 256, resolution: 1920x1200 }
      - { id: i915-GVTg_V5_2, name: GVTg_V5_2, memoryMiB: 512, resolution: 1920x1200 }
  - { name: '${matrix}', model: matrix, adapters: 16, domains: 16, instances: 8 }
  - { name: mtty, model: mtty, ports: 24, removeWhileOpen: refuse }
devices:
  - { uuid: ${foreignUUID}, parent: mtty, type: mtty-1 }
`);
}
