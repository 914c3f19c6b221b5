import type { Candidate, PlacementRequest } from './eligibility.ts';
import { compareRanked, evaluate, type Placement, type Ranked } from './placement.ts';

/**
 * The parents that take devices of one kind of request, the best first, kept up to date parent by parent: among thousands, one changes
 * from decision to decision. It answers what `choose` answers of one request.
 */
export class Shortlist {
  readonly #request: PlacementRequest;
  readonly #byName = new Map<string, Ranked>();
  readonly #sorted: Ranked[] = [];
  readonly #changed = new Set<string>();

  /** @param request what all its devices ask for; whom one avoids is a matter of `best` */
  constructor({ spec, boundTo }: PlacementRequest) {
    this.#request = { spec, boundTo };
  }

  /** Takes in all parents that there are. */
  fill(candidates: Iterable<Candidate>): void {
    for (const candidate of candidates) {
      const ranked = evaluate([this.#request], candidate);
      if (ranked === undefined) continue;
      this.#byName.set(candidate.parent.metadata.name, ranked);
      this.#sorted.push(ranked);
    }
    this.#sorted.sort(compareRanked);
  }

  /** The parent came, changed or went; it is looked at when the best is asked for. */
  change(parentName: string): void {
    this.#changed.add(parentName);
  }

  /** The best parent that is not avoided. */
  best(avoid: ReadonlySet<string> | undefined, candidateOf: (parentName: string) => Candidate | undefined): Placement | undefined {
    for (const name of this.#changed) this.#update(name, candidateOf(name));
    this.#changed.clear();
    return this.#sorted.find(({ placement }) => avoid?.has(placement.parentName) !== true)?.placement;
  }

  #update(name: string, candidate: Candidate | undefined): void {
    const before = this.#byName.get(name);
    if (before !== undefined) this.#sorted.splice(this.#position(before), 1);
    const after = candidate === undefined ? undefined : evaluate([this.#request], candidate);
    if (after === undefined) {
      this.#byName.delete(name);
      return;
    }
    this.#byName.set(name, after);
    this.#sorted.splice(this.#position(after), 0, after);
  }

  /** Where it is, or belongs. */
  #position(ranked: Ranked): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#sorted[middle];
      if (other !== undefined && compareRanked(other, ranked) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of so many kinds of requests the shortlists are kept: those asked for last. */
const most = 16;

/** The shortlists of the kinds of requests that come. */
export class Shortlists {
  readonly #byKind = new Map<string, Shortlist>();

  /** The one for a request of this kind; `candidates` are asked for where it is new. */
  of(kind: string, request: PlacementRequest, candidates: () => Iterable<Candidate>): Shortlist {
    let shortlist = this.#byKind.get(kind);
    if (shortlist === undefined) {
      shortlist = new Shortlist(request);
      shortlist.fill(candidates());
    }
    this.#byKind.delete(kind);
    this.#byKind.set(kind, shortlist);
    for (const oldest of this.#byKind.keys()) {
      if (this.#byKind.size <= most) break;
      this.#byKind.delete(oldest);
    }
    return shortlist;
  }

  /** A parent came, changed or went. */
  change(parentName: string): void {
    for (const shortlist of this.#byKind.values()) shortlist.change(parentName);
  }
}
