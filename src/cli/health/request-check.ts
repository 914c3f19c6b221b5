import { ConnectionError, ApiError } from '../../kube/api-error.ts';
import type { RequestObservation } from '../../kube/client.ts';
import { explain, sentence } from './explain.ts';

/**
 * Whether the API server takes our requests, as the last of them show: it does not answer, does not know our token, or does not let us do
 * something that we need. What succeeds takes it back.
 */
export class RequestCheck {
  #noAnswer: Error | undefined;
  #refused: Error | undefined;
  /** By verb and resource. */
  readonly #forbidden = new Map<string, Error>();

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
    if (error instanceof ApiError && explain(error)?.fault === 'Forbidden') this.#forbidden.set(key, error);
    else if (code < 300) this.#forbidden.delete(key);
  }

  /** What is wrong; undefined when nothing is. */
  reason(): string | undefined {
    const error = this.#noAnswer ?? this.#refused ?? [...this.#forbidden.values()][0];
    return error === undefined ? undefined : sentence(error);
  }
}
