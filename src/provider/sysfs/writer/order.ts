/** What a writer process is told to do: one write, which may never return. */
export type Order = {
  /** `claim`: nothing is written. */
  readonly kind: 'create' | 'remove' | 'attribute' | 'claim';
  readonly id: string;
  readonly parent: string;
  readonly typeID?: string;
  /** When it was given, RFC 3339. */
  readonly since: string;
  /** Past the deadline within which kernels answer. */
  readonly overdue: boolean;
};

/** How a writer process is named while it carries out an order, so that whoever looks later, in `ps` or as the next agent, finds what hangs. */
export function orderTitle({ kind, id, parent, typeID, since }: Omit<Order, 'overdue'>): string {
  return [writerTitle, kind, id, typeID ?? '-', since, parent].join(' ');
}

/** A writer process that has nothing to do. */
export const writerTitle = 'mdev-writer';

/** Whether a process is a writer at work, by /proc/PID/cmdline. */
export function isBusyWriter(cmdline: string): boolean {
  return cmdline.startsWith(`${writerTitle} `);
}

const pattern = /^mdev-writer (create|remove|attribute|claim) ([0-9a-f-]{36}) (\S+) (\S+) ([^\0]+)/;

/** The order that a process's name tells of, by /proc/PID/cmdline. */
export function parseOrderTitle(cmdline: string): Order | undefined {
  const [, kind, id, typeID, since, parent] = pattern.exec(cmdline) ?? [];
  if (kind === undefined || id === undefined || typeID === undefined || since === undefined || parent === undefined) return undefined;
  return {
    kind: kind as Order['kind'],
    id,
    parent: parent.trimEnd(),
    ...(typeID !== '-' && { typeID }),
    since,
    overdue: true,
  };
}
