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

/** The emulated kernel of a node: two cards that have room for all devices, however they are spread, with a tenth to spare. */
export function profileText(size: ClusterSize): string {
  const ports = Math.ceil(((size.devices + warmUps(size)) * 1.1) / size.nodes / 2) + 1;
  return ['mtty-0', 'mtty-1'].map((name) => `  - { name: ${name}, model: mtty, ports: ${ports} }`).reduce(joinLines, 'parents:');
}

function joinLines(text: string, line: string): string {
  return `${text}\n${line}`;
}
