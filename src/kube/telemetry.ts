/** What a work queue reports of itself. Nothing here may throw. */
export interface QueueTelemetry {
  /** So many keys wait now; those with a delay and those being worked on do not count. */
  depth(waiting: number): void;
  /** A key came to wait. */
  added(): void;
  /** Work on a key begins after it has waited for so many seconds. */
  started(waited: number): void;
  /** Work on a key has ended after so many seconds. One that failed comes again after a delay. */
  done(seconds: number, failed: boolean): void;
}

/** How following a resource goes at this moment. */
export interface WatchHealth {
  readonly resource: string;
  /** Whether all objects have been read once. */
  readonly synced: boolean;
  /** When the server last sent anything, ms of the monotonic clock. */
  readonly lastContact: number | undefined;
  /** What failed last; undefined when nothing has since the last success. */
  readonly failure: Error | undefined;
}

/** Where the plumbing reports to: metrics and readiness, which it does not know. */
export interface KubeTelemetry {
  /** For the work queue of this name; names are few and constant. */
  queue(name: string): QueueTelemetry;
  /** Following a resource begins; `health` says how it goes. The returned function ends that. */
  watch(health: () => WatchHealth): () => void;
  /** Following a resource has failed once more. */
  watchFailed(resource: string): void;
}

export const noQueueTelemetry: QueueTelemetry = {
  depth: () => undefined,
  added: () => undefined,
  started: () => undefined,
  done: () => undefined,
};

export const noTelemetry: KubeTelemetry = {
  queue: () => noQueueTelemetry,
  watch: () => () => undefined,
  watchFailed: () => undefined,
};
