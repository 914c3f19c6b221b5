import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createPinMetrics, type PinSample } from './pin-metrics.ts';

/** The counts of one type on one parent. */
export interface TypeCounts {
  readonly id: string;
  readonly availableInstances: number;
  readonly instances: number;
}

/** All metrics of a process. Names are part of the API. */
export interface Metrics {
  readonly registry: Registry;
  /** One request to the API server; `code` 0 means that there was no answer. */
  request(observation: { readonly verb: string; readonly resource: string; readonly code: number; readonly seconds: number }): void;
  /** One run of a work queue's worker. */
  reconciled(queue: string, seconds: number, failed: boolean): void;
  /** Keys waiting in a work queue. */
  queueLength(queue: string, length: number): void;
  /** How many devices the node has: with record and object, with record only, without record. */
  devices(counts: { readonly owned: number; readonly orphaned: number; readonly foreign: number }): void;
  /** One call of the provider; `result` is `ok` or an errno. */
  providerOperation(operation: string, result: string, seconds: number): void;
  /** What a parent has now. Replaces what was said of it before. */
  parent(parent: string, types: readonly TypeCounts[]): void;
  /** The parent is gone. */
  parentGone(parent: string): void;
  /** How many nodes are lost now, of which so many more since the last call. */
  nodesLost(now: number, more: number): void;
  /** Where pins are read at each scrape; `onError` is told when that fails, and the series are absent then. */
  pinsFrom(read: (signal: AbortSignal) => Promise<readonly PinSample[]>, onError: (error: unknown) => void): void;
}

/** Metrics on a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'mdev_api_requests_total',
    help: 'Requests to the API server.',
    labelNames: ['verb', 'resource', 'code'] as const,
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'mdev_api_request_duration_seconds',
    help: 'Time until the API server answered.',
    labelNames: ['verb', 'resource'] as const,
    buckets: [0.002, 0.01, 0.05, 0.25, 1, 5, 30],
    registers,
  });
  const reconciles = new Counter({
    name: 'mdev_reconcile_total',
    help: 'Runs of a work queue.',
    labelNames: ['queue', 'result'] as const,
    registers,
  });
  const reconcileSeconds = new Histogram({
    name: 'mdev_reconcile_duration_seconds',
    help: 'Time of one run of a work queue.',
    labelNames: ['queue'] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const operations = new Counter({
    name: 'mdev_provider_operations_total',
    help: 'Calls into the kernel or its emulation.',
    labelNames: ['operation', 'result'] as const,
    registers,
  });
  const operationSeconds = new Histogram({
    name: 'mdev_provider_operation_duration_seconds',
    help: 'Time of a call into the kernel or its emulation.',
    labelNames: ['operation'] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const queued = new Gauge({ name: 'mdev_queue_length', help: 'Keys waiting in a work queue.', labelNames: ['queue'] as const, registers });
  const devices = new Gauge({
    name: 'mdev_devices',
    help: 'Mediated devices of the node by owner.',
    labelNames: ['ownership'] as const,
    registers,
  });
  const available = new Gauge({
    name: 'mdev_parent_available_instances',
    help: 'Devices of the type that can still be created.',
    labelNames: ['parent', 'type'] as const,
    registers,
  });
  const instances = new Gauge({
    name: 'mdev_parent_instances',
    help: 'Devices of the type that exist.',
    labelNames: ['parent', 'type'] as const,
    registers,
  });
  const nodesLost = new Gauge({ name: 'mdev_nodes_lost', help: 'Nodes whose agents are not heard.', registers });
  const nodeLosses = new Counter({ name: 'mdev_node_losses_total', help: 'Times that a node was lost.', registers });
  const pins = createPinMetrics(registry);
  const typesOf = new Map<string, readonly string[]>();

  function parentGone(parent: string): void {
    for (const type of typesOf.get(parent) ?? []) {
      available.remove({ parent, type });
      instances.remove({ parent, type });
    }
    typesOf.delete(parent);
  }

  return {
    registry,
    request({ verb, resource, code, seconds }) {
      requests.inc({ verb, resource, code });
      requestSeconds.observe({ verb, resource }, seconds);
    },
    reconciled(queue, seconds, failed) {
      reconciles.inc({ queue, result: failed ? 'error' : 'ok' });
      reconcileSeconds.observe({ queue }, seconds);
    },
    queueLength(queue, length) {
      queued.set({ queue }, length);
    },
    devices(counts) {
      for (const [ownership, count] of Object.entries(counts)) devices.set({ ownership }, count);
    },
    providerOperation(operation, result, seconds) {
      operations.inc({ operation, result });
      operationSeconds.observe({ operation }, seconds);
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
    nodesLost(now, more) {
      nodesLost.set(now);
      nodeLosses.inc(more);
    },
    pinsFrom: pins.readFrom,
  };
}
