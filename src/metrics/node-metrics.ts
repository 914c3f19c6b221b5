import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The counts of one type on one parent. */
export interface TypeCounts {
  readonly id: string;
  readonly availableInstances: number;
  readonly instances: number;
}

export interface NodeMetrics {
  /** One call of the provider; `errno` is the kernel's, `OK` when it succeeded. */
  providerOperation(operation: string, errno: string, seconds: number): void;
  /** The agent did something about a device, or could not. */
  acted(action: string, outcome: 'done' | 'failed'): void;
  /** Whether ownership records can be written. */
  recordFolder(writable: boolean): void;
  /** How many devices the node has: with record and object, with record only, without record. */
  devices(counts: { readonly owned: number; readonly orphaned: number; readonly foreign: number }): void;
  /** What a parent has now. Replaces what was said of it before. */
  parent(parent: string, types: readonly TypeCounts[]): void;
  /** The parent is gone. */
  parentGone(parent: string): void;
}

/**
 * Metrics of a node's kernel. Labels are bounded by the code (operations, actions, the table of errnos) and by what the node has: a series
 * for each type of each parent that is there, taken away with it. No device is named.
 */
export function createNodeMetrics(registry: Registry): NodeMetrics {
  const registers = [registry];
  const operations = new Counter({
    name: 'mdev_provider_operations_total',
    help: 'Calls into the kernel or its emulation by their errno; OK is success.',
    labelNames: ['operation', 'errno'] as const,
    registers,
  });
  const operationSeconds = new Histogram({
    name: 'mdev_provider_operation_duration_seconds',
    help: 'Time of a call into the kernel or its emulation.',
    labelNames: ['operation'] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const actions = new Counter({
    name: 'mdev_device_actions_total',
    help: 'What the agent did about devices, or could not do.',
    labelNames: ['action', 'outcome'] as const,
    registers,
  });
  const recordsWritable = new Gauge({ name: 'mdev_records_writable', help: 'Whether ownership records can be written.', registers });
  recordsWritable.set(1);
  const devices = new Gauge({
    name: 'mdev_devices',
    help: 'Mediated devices of the node by owner.',
    labelNames: ['ownership'] as const,
    registers,
  });
  const ofType = { labelNames: ['parent', 'type'] as const, registers };
  const available = new Gauge({
    name: 'mdev_parent_available_instances',
    help: 'Devices of the type that can still be created.',
    ...ofType,
  });
  const instances = new Gauge({ name: 'mdev_parent_instances', help: 'Devices of the type that exist.', ...ofType });
  const typesOf = new Map<string, readonly string[]>();

  function parentGone(parent: string): void {
    for (const type of typesOf.get(parent) ?? []) {
      available.remove({ parent, type });
      instances.remove({ parent, type });
    }
    typesOf.delete(parent);
  }

  return {
    providerOperation(operation, errno, seconds) {
      operations.inc({ operation, errno });
      operationSeconds.observe({ operation }, seconds);
    },
    acted: (action, outcome) => actions.inc({ action, outcome }),
    recordFolder: (writable) => recordsWritable.set(writable ? 1 : 0),
    devices(counts) {
      for (const [ownership, count] of Object.entries(counts)) devices.set({ ownership }, count);
    },
    parent(parent, types) {
      parentGone(parent);
      for (const { id, availableInstances, instances: existing } of types) {
        available.set({ parent, type: id }, availableInstances);
        instances.set({ parent, type: id }, existing);
      }
      typesOf.set(
        parent,
        types.map(({ id }) => id),
      );
    },
    parentGone,
  };
}
