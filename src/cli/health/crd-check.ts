import { group, version } from '../../api/group.ts';
import { missingFields } from '../../api/schema-fields.ts';
import { ApiError } from '../../kube/api-error.ts';
import { pause } from '../../kube/abort.ts';
import type { RequestObservation } from '../../kube/client.ts';
import type { Log } from '../../kube/log.ts';
import { classResource, deviceResource, deviceSetResource, parentResource } from '../../kube/resource.ts';
import { readServedSchemas, type OpenapiReader } from '../../kube/served-schemas.ts';
import type { Clock } from '../../lib/clock.ts';
import { OldCrdsError, sentence } from './explain.ts';

export interface CrdCheckOptions {
  readonly reader: OpenapiReader;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often is looked while something is missing or could not be read, and how often at most while all is well, ms. */
const retryAfter = 5_000;
const restBetween = 60_000;
const ours = new Set([classResource, deviceResource, deviceSetResource, parentResource].map(({ plural }) => plural));

/**
 * Whether the API server serves CRDs of this version: fields that older ones lack would be dropped without a word. Looks at the start and,
 * while all is well, when a watch of ours begins again: an API server ends watches when a CRD is changed. An idle process asks nothing.
 */
export class CrdCheck {
  #error: OldCrdsError | undefined;
  /** Whether a watch of ours has begun since the CRDs were last looked at. */
  #begun = false;
  #wake: (() => void) | undefined;

  /** A request has ended: if it shows that a watch of ours begins, the CRDs may be others. */
  saw({ verb, resource }: RequestObservation): void {
    if (verb !== 'watch' || !ours.has(resource)) return;
    this.#begun = true;
    this.#wake?.();
  }

  /** What is missing; undefined when nothing is, or is not known yet: then no watch is synced either. */
  reason(): string | undefined {
    return this.#error && sentence(this.#error);
  }

  /** Looks, until `signal` is aborted. */
  async run({ reader, clock, log }: CrdCheckOptions, signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#begun = false;
      const settled = await this.#look(reader, log, signal);
      if (!(await pause(clock, settled ? restBetween : retryAfter, signal))) return;
      if (settled) await this.#woken(signal);
    }
  }

  /** False when it could not be found out, or something is missing. */
  async #look(reader: OpenapiReader, log: Log, signal: AbortSignal): Promise<boolean> {
    try {
      const missing = missingFields(await readServedSchemas(reader, group, version, signal));
      const before = this.#error;
      this.#error = missing.length === 0 ? undefined : new OldCrdsError(missing);
      if (this.#error !== undefined && this.#error.message !== before?.message) log.error({ err: this.#error }, 'the CRDs do not suffice');
      return missing.length === 0;
    } catch (error) {
      if (signal.aborted) return true;
      // Who may not read it finds out by other ways.
      if (error instanceof ApiError && error.code === 403) return true;
      log.debug({ err: error }, 'cannot read which CRDs are served, trying again');
      return false;
    }
  }

  async #woken(signal: AbortSignal): Promise<void> {
    if (this.#begun) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#wake = undefined;
  }
}
