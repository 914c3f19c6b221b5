import type { Candidate, PlacementRequest } from './eligibility.ts';
import { explain } from './placement.ts';
import type { WhyNot } from './why-not.ts';

/** Of so many kinds of requests the sentences are kept. */
const most = 1024;

/**
 * Why requests find no place, kept until a parent changes: a thousand devices that wait for the same are told the same, and all parents
 * are looked at once.
 */
export class Explanations {
  readonly #byKind = new Map<string, WhyNot>();

  /** A parent came, changed or went. */
  change(): void {
    this.#byKind.clear();
  }

  /** As `explain` of one request that avoids nobody; `candidates` are asked for where its kind is new. */
  of(kind: string, request: PlacementRequest, candidates: () => Iterable<Candidate>): WhyNot {
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known;
    const why = explain([request], candidates());
    if (this.#byKind.size >= most) this.#byKind.clear();
    this.#byKind.set(kind, why);
    return why;
  }
}
