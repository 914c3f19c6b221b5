/**
 * Who may change something on a parent now: at most `width` keys per parent, the others wait their turn outside of the
 * workers, so that one hanging parent does not take them all.
 * `tryEnter` pairs with `leave` at the end of the pass over the key.
 */
export class Lanes {
  readonly #width: number;
  readonly #wake: (key: string) => void;
  readonly #holders = new Map<string, Set<string>>();
  readonly #waiting = new Map<string, Set<string>>();

  /** @param wake called with a key whose turn has come: the place is kept for it until it leaves */
  constructor(width: number, wake: (key: string) => void) {
    this.#width = width;
    this.#wake = wake;
  }

  /** True if `key` has, or now gets, a place on `parent`. False: it is woken when it has one. */
  tryEnter(parent: string, key: string): boolean {
    const holders = this.#holders.get(parent) ?? new Set();
    if (holders.has(key)) return true;
    if (holders.size < this.#width) {
      this.#holders.set(parent, holders.add(key));
      return true;
    }
    this.#waiting.set(parent, (this.#waiting.get(parent) ?? new Set()).add(key));
    return false;
  }

  /** Gives back all places of `key`; the next in line get them. */
  leave(key: string): void {
    for (const [parent, holders] of this.#holders) {
      if (!holders.delete(key)) continue;
      const waiting = this.#waiting.get(parent);
      const [next] = waiting ?? [];
      if (waiting !== undefined && next !== undefined) {
        waiting.delete(next);
        if (waiting.size === 0) this.#waiting.delete(parent);
        holders.add(next);
        this.#wake(next);
      } else if (holders.size === 0) this.#holders.delete(parent);
    }
  }
}
