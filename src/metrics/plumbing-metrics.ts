import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What a work queue reports. */
export interface QueueMetrics {
  depth(waiting: number): void;
  added(): void;
  started(waitedSeconds: number): void;
  done(seconds: number, failed: boolean): void;
}

/** How following a resource goes. */
export interface WatchSample {
  readonly resource: string;
  readonly synced: boolean;
  /** Seconds since the server last sent anything; undefined when it never has. */
  readonly age: number | undefined;
}

/** One request to the API server; `code` 0 means that there was no answer. */
export interface RequestSample {
  readonly verb: string;
  readonly resource: string;
  readonly code: number;
  readonly seconds: number;
}

export interface PlumbingMetrics {
  request(sample: RequestSample): void;
  queue(name: string): QueueMetrics;
  /** Work that waits in no queue of its own has ended after so many seconds. */
  reconciled(queue: string, seconds: number, failed: boolean): void;
  /** A list or watch of a resource begins; it is counted from zero. */
  watchBegun(resource: string): void;
  watchFailed(resource: string): void;
  /** Where watches are read, at each scrape. */
  watchesFrom(read: () => readonly WatchSample[]): void;
}

const workSeconds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/**
 * Metrics of requests, watches and work queues. Their labels are bounded by the code: a fixed set of verbs, of resources that this program
 * asks for, of queues by name, and HTTP status codes; no object is named.
 */
export function createPlumbingMetrics(registry: Registry): PlumbingMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'mdev_api_requests_total',
    help: 'Requests to the API server; code 0 is no answer.',
    labelNames: ['verb', 'resource', 'code'] as const,
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'mdev_api_request_duration_seconds',
    help: 'Time until the API server answered; of a watch, until it was open.',
    labelNames: ['verb', 'resource'] as const,
    buckets: [0.002, 0.01, 0.05, 0.25, 1, 5, 30],
    registers,
  });
  const ofQueue = { labelNames: ['queue'] as const, registers };
  const depth = new Gauge({ name: 'mdev_workqueue_depth', help: 'Keys waiting in a work queue.', ...ofQueue });
  const adds = new Counter({ name: 'mdev_workqueue_adds_total', help: 'Keys that came to wait in a work queue.', ...ofQueue });
  const retries = new Counter({ name: 'mdev_workqueue_retries_total', help: 'Keys that come again because work failed.', ...ofQueue });
  const waited = new Histogram({
    name: 'mdev_workqueue_queue_duration_seconds',
    help: 'How long a key waited in a work queue before work on it began.',
    buckets: workSeconds,
    ...ofQueue,
  });
  const reconciles = new Counter({
    name: 'mdev_reconcile_total',
    help: 'Runs of the worker of a work queue.',
    labelNames: ['queue', 'result'] as const,
    registers,
  });
  const reconcileSeconds = new Histogram({
    name: 'mdev_reconcile_duration_seconds',
    help: 'Time of one run of the worker of a work queue.',
    buckets: workSeconds,
    ...ofQueue,
  });
  const watchFailures = new Counter({
    name: 'mdev_watch_failures_total',
    help: 'Times that a list or watch failed.',
    labelNames: ['resource'] as const,
    registers,
  });
  let readWatches: () => readonly WatchSample[] = () => [];
  new Gauge({
    name: 'mdev_watch_synced',
    help: 'Whether all objects of a resource have been read.',
    labelNames: ['resource'] as const,
    registers,
    collect() {
      this.reset();
      // Of two that watch the same, the one that is worse off.
      for (const sample of readWatches().toSorted((a, b) => Number(b.synced) - Number(a.synced)))
        this.set({ resource: sample.resource }, sample.synced ? 1 : 0);
    },
  });
  new Gauge({
    name: 'mdev_watch_age_seconds',
    help: 'Time since the API server last sent anything of a resource; bookmarks come about once a minute.',
    labelNames: ['resource'] as const,
    registers,
    collect() {
      this.reset();
      for (const sample of readWatches().toSorted((a, b) => (a.age ?? 0) - (b.age ?? 0)))
        if (sample.age !== undefined) this.set({ resource: sample.resource }, sample.age);
    },
  });

  function reconciled(queue: string, seconds: number, failed: boolean): void {
    reconciles.inc({ queue, result: failed ? 'error' : 'ok' });
    reconcileSeconds.observe({ queue }, seconds);
  }

  return {
    reconciled,
    request({ verb, resource, code, seconds }) {
      requests.inc({ verb, resource, code });
      requestSeconds.observe({ verb, resource }, seconds);
    },
    queue(queue) {
      // Served from the start, so that an alert on an increase sees the first.
      for (const counter of [adds, retries]) counter.inc({ queue }, 0);
      depth.set({ queue }, 0);
      for (const result of ['ok', 'error'] as const) reconciles.inc({ queue, result }, 0);
      return {
        depth: (waiting) => depth.set({ queue }, waiting),
        added: () => adds.inc({ queue }),
        started: (seconds) => waited.observe({ queue }, seconds),
        done: (seconds, failed) => {
          if (failed) retries.inc({ queue });
          reconciled(queue, seconds, failed);
        },
      };
    },
    watchBegun: (resource) => watchFailures.inc({ resource }, 0),
    watchFailed: (resource) => watchFailures.inc({ resource }),
    watchesFrom(read) {
      readWatches = read;
    },
  };
}
