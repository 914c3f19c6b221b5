/** The objects that come and go in a soak. What an object asks for is settled by its name: most of a spec may not be changed. */
export interface Role {
  readonly namespace: string;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

export const namespaces = ['soak-a', 'soak-b'] as const;

function roles(count: number, name: string, spec: (index: number) => Role['spec']): Role[] {
  return Array.from({ length: count }, (_, index) => ({
    namespace: namespaces[index % namespaces.length] ?? '',
    name: `${name}-${index}`,
    spec: spec(index),
  }));
}

/** More than the nodes can bear, so that some wait for others to go. */
export function cast(nodes: readonly string[]): Role[] {
  const node = (index: number): string => nodes[index % nodes.length] ?? '';
  return [
    ...roles(40, 'serial', () => ({ type: { id: 'mtty-1' } })),
    ...roles(16, 'double', () => ({ type: { id: 'mtty-2' }, placement: 'Spread' })),
    ...roles(9, 'pinned', (index) => ({ type: { id: 'mtty-1' }, nodeName: node(index) })),
    ...roles(12, 'small', () => ({ type: { id: 'i915-GVTg_V5_8' } })),
    ...roles(6, 'middle', () => ({ type: { id: 'i915-GVTg_V5_4' } })),
    ...roles(4, 'big', () => ({ type: { id: 'i915-GVTg_V5_2' } })),
    ...roles(6, 'vgpu', () => ({ type: { id: 'nvidia-11' } })),
    ...roles(2, 'gpu', () => ({ type: { id: 'nvidia-18' } })),
    ...roles(17, 'crypto', (index) => ({
      type: { id: 'vfio_ap-passthrough' },
      attributes: [
        { name: 'assign_adapter', value: String(index) },
        { name: 'assign_domain', value: '1' },
        { name: 'assign_domain', value: '2' },
      ],
    })),
    // One UUID in both namespaces.
    ...roles(8, 'twin', (index) => ({
      type: { id: 'mtty-1' },
      uuid: `7e570000-0000-4000-8000-00000000000${String(Math.floor(index / 2))}`,
    })),
  ];
}
