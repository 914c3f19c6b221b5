/** What is known of the agent of one node. Times are monotonic ms of this process, never those of other machines. */
interface Entry {
  /** The renewTime that was seen last; what it says is of no matter, only that it changes. */
  renewal: string | undefined;
  changedAt: number;
  duration: number;
  state: 'Heard' | 'Checking' | 'Lost';
}

/** How long a Lease without a duration of its own lasts, ms. */
const usualDuration = 40_000;

/**
 * Judges by Leases which agents live, as leader election does: a node is due when its Lease was watched for a whole duration,
 * without interruption, and did not change. Times are passed in, and nothing is done about what is found.
 */
export class LeaseTable {
  readonly #entries = new Map<string, Entry>();
  /** Nothing that was seen before this time says anything about what happened after it. */
  #watchedSince = 0;

  /** Begins to judge a node; false if it is judged already. */
  follow(node: string, renewal: string | undefined, duration: number | undefined, now: number): boolean {
    if (this.#entries.has(node)) return false;
    this.#entries.set(node, { renewal, changedAt: now, duration: duration ?? usualDuration, state: 'Heard' });
    return true;
  }

  forget(node: string): void {
    this.#entries.delete(node);
  }

  /**
   * A Lease was seen.
   * @returns whether the agent was heard (the Lease has changed), and whether it had been lost; undefined for a node that is not judged
   */
  seen(node: string, renewal: string | undefined, duration: number | undefined, now: number): 'Same' | 'Heard' | 'Returned' | undefined {
    const entry = this.#entries.get(node);
    if (entry === undefined) return undefined;
    entry.duration = duration ?? usualDuration;
    if (renewal === undefined || renewal === entry.renewal) return 'Same';
    const wasLost = entry.state === 'Lost';
    Object.assign(entry, { renewal, changedAt: now, state: wasLost ? 'Heard' : entry.state });
    return wasLost ? 'Returned' : 'Heard';
  }

  /** Changes may have been missed until now: every node that is not lost has its whole duration again. */
  interrupted(now: number): void {
    this.#watchedSince = now;
  }

  /** The nodes whose time is up. They are not named again before `checked`. */
  takeDue(now: number): string[] {
    const due: string[] = [];
    for (const [node, entry] of this.#entries) {
      if (entry.state !== 'Heard' || this.#deadline(entry) > now) continue;
      entry.state = 'Checking';
      due.push(node);
    }
    return due;
  }

  /** Whether a node that was due still is: it may have been heard while it waited to be looked at. */
  isDue(node: string, now: number): boolean {
    const entry = this.#entries.get(node);
    return entry?.state === 'Checking' && this.#deadline(entry) <= now;
  }

  /** A node that was due has been looked at; if its time is still up, it is lost: true. */
  checked(node: string, now: number): boolean {
    const entry = this.#entries.get(node);
    if (entry?.state !== 'Checking') return false;
    const isLost = this.isDue(node, now);
    entry.state = isLost ? 'Lost' : 'Heard';
    return isLost;
  }

  /** The renewTime that was seen last. */
  renewal(node: string): string | undefined {
    return this.#entries.get(node)?.renewal;
  }

  /** When the next node will be due. */
  next(): number | undefined {
    let next: number | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'Heard') continue;
      const deadline = this.#deadline(entry);
      if (next === undefined || deadline < next) next = deadline;
    }
    return next;
  }

  #deadline({ changedAt, duration }: Entry): number {
    return Math.max(changedAt, this.#watchedSince) + duration;
  }
}
