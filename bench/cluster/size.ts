/** How big the cluster of a run is. */
export interface ClusterSize {
  readonly nodes: number;
  /** Applied at once and measured. A tenth of that is there before: it warms both sides up. */
  readonly devices: number;
  /** How often bare client and operator take turns. */
  readonly rounds: number;
}

/** The devices that are there before those that are measured. */
export function warmUps({ devices }: ClusterSize): number {
  return Math.ceil(devices / 10);
}

export function nodeName(index: number): string {
  return `node-${String(index).padStart(4, '0')}`;
}

/** A type of which every node has room for a device at any time. */
export const spareType = 'vfio_ap-passthrough';

/** The emulated kernel of a node: two cards that have room for all devices, however they are spread, with a tenth to spare, and one beside them. */
export function profileText(size: ClusterSize): string {
  const ports = Math.ceil(((size.devices + warmUps(size)) * 1.1) / size.nodes / 2) + 1;
  const cards = ['mtty-0', 'mtty-1'].map((name) => `  - { name: ${name}, model: mtty, ports: ${ports} }`);
  return ['parents:', ...cards, '  - { name: matrix, model: matrix, adapters: 16, domains: 16, instances: 8 }'].join('\n');
}
