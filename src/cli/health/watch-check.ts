import type { WatchHealth } from '../../kube/telemetry.ts';
import type { Clock } from '../../lib/clock.ts';
import { sentence } from './explain.ts';

/** Servers send bookmarks about once a minute; after two of them are missing a watch is dead, ms. */
const staleAfter = 150_000;

/** A watch as metrics show it. */
export interface WatchSample {
  readonly resource: string;
  readonly synced: boolean;
  /** Seconds. */
  readonly age: number | undefined;
}

/** The watches of a process: whether each has read everything, goes on, and has been heard of. */
export class WatchCheck {
  readonly #clock: Clock;
  readonly #watches = new Set<() => WatchHealth>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A watch begins; the returned function ends it. */
  begin(health: () => WatchHealth): () => void {
    // A function of its own: two watches may be told of by the same one.
    const watch = (): WatchHealth => health();
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }

  samples(): WatchSample[] {
    const now = this.#clock.monotonic();
    return [...this.#watches].map((watch) => {
      const { resource, synced, lastContact } = watch();
      return { resource, synced, age: lastContact === undefined ? undefined : (now - lastContact) / 1000 };
    });
  }

  /** What is wrong with the first that is not as it should be; undefined when all are. */
  reason(): string | undefined {
    const now = this.#clock.monotonic();
    for (const watch of this.#watches) {
      const { resource, synced, lastContact, failure } = watch();
      const why = failure === undefined ? '' : `: ${sentence(failure)}`;
      if (!synced) return `${resource} are not read yet${why}`;
      if (failure !== undefined) return `${resource} are not followed${why}`;
      if (lastContact === undefined || now - lastContact > staleAfter)
        return `the watch of ${resource} is stale: nothing was heard of it for ${Math.round((now - (lastContact ?? 0)) / 1000)} s`;
    }
    return undefined;
  }
}
