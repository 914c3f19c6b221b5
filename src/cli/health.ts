import type { Clock } from '../lib/clock.ts';
import { serveEndpoint } from '../metrics/endpoint.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { HostPort } from './flags.ts';
import { UsageError } from './usage-error.ts';

/** Whether the parts of a process are ready; `/readyz` names the first that is not. */
export class Readiness {
  readonly #clock: Clock;
  readonly #waitingFor: Set<string>;
  readonly #contacts = new Map<string, () => number | undefined>();

  constructor(clock: Clock, parts: readonly string[]) {
    this.#clock = clock;
    this.#waitingFor = new Set(parts);
  }

  /** `part` does its work now. */
  ready(part: string): void {
    this.#waitingFor.delete(part);
  }

  /** `part` is ready only while it has heard of the API server of late; `lastContact` in ms of the monotonic clock. */
  probe(part: string, lastContact: () => number | undefined): void {
    this.#contacts.set(part, lastContact);
  }

  /** Why the process is not ready; undefined when it is. */
  reason(): string | undefined {
    const [waiting] = this.#waitingFor;
    if (waiting !== undefined) return `${waiting} has not started`;
    for (const [part, lastContact] of this.#contacts) {
      const at = lastContact();
      if (at === undefined || this.#clock.monotonic() - at > staleAfter) return `the watches of ${part} are stale`;
    }
    return undefined;
  }
}

/** Servers send bookmarks at least once a minute; after two of them are missing a watch is dead. */
const staleAfter = 150_000;

/**
 * Serves metrics and health checks if an address is given.
 * @throws UsageError if it cannot be listened on
 */
export async function serveHealth(
  address: HostPort | undefined,
  metrics: Metrics,
  readiness: Readiness,
  signal: AbortSignal,
): Promise<void> {
  if (address === undefined) return;
  try {
    await serveEndpoint({ ...address, registry: metrics.registry, notReady: () => readiness.reason() }, signal);
  } catch (cause) {
    throw new UsageError(`--metrics-listen: cannot listen on ${address.host}:${address.port}: ${(cause as Error).message}`, { cause });
  }
}
