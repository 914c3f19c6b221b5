import { ConnectionError, ApiError } from '../../kube/api-error.ts';
import type { RequestObservation } from '../../kube/client.ts';
import type { Clock } from '../../lib/clock.ts';
import { explain, sentence } from './explain.ts';

/** How long a missing right counts when nobody asks for the same again, ms: what is tried rarely would never be seen to be mended. */
const forbiddenLasts = 5 * 60_000;

/**
 * Whether the API server takes our requests, as the last of them show: it does not answer, does not know our token, or does not let us do
 * something that we need. What succeeds takes it back.
 */
export class RequestCheck {
  #noAnswer: Error | undefined;
  #refused: Error | undefined;
  readonly #clock: Clock;
  /** By verb and resource. */
  readonly #forbidden = new Map<string, { readonly error: Error; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  saw({ verb, resource, code, error }: RequestObservation): void {
    if (error instanceof ConnectionError) {
      this.#noAnswer = error;
      return;
    }
    if (code === 0) return; // given up by its sender
    this.#noAnswer = undefined;
    if (code === 401) {
      this.#refused = error;
      return;
    }
    // Who is overloaded may not have looked at the token.
    if (code < 500 && code !== 429) this.#refused = undefined;
    const key = `${verb} ${resource}`;
    if (error instanceof ApiError && explain(error)?.fault === 'Forbidden')
      this.#forbidden.set(key, { error, at: this.#clock.monotonic() });
    else if (code < 300) this.#forbidden.delete(key);
  }

  /** What is wrong; undefined when nothing is. */
  reason(): string | undefined {
    const since = this.#clock.monotonic() - forbiddenLasts;
    const forbidden = [...this.#forbidden.values()].find(({ at }) => at > since);
    const error = this.#noAnswer ?? this.#refused ?? forbidden?.error;
    return error === undefined ? undefined : sentence(error);
  }
}
