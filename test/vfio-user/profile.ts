/** A host with room for many devices: serial ports, a vGPU with a copy engine, GVT-g and an I/O subchannel. */
export const roomyProfile = `
parents:
  - { name: mtty, model: mtty, ports: 4096 }
  - name: gpu
    model: grid
    requiresGroup: false
    types: [{ id: vgpu, name: A, instances: 256, heads: 1, frameRateLimit: 60, framebufferMiB: 16, maxResolution: 640x480 }]
  - name: igd
    model: gvt
    memoryMiB: 4096
    types: [{ id: igd, name: B, memoryMiB: 64, resolution: 640x480 }]
  - { name: ccw, model: ccw }
`;
