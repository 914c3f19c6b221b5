import type { ConditionClaim } from '../api/condition.ts';
import type { Clock } from '../lib/clock.ts';
import type { Action } from './decide/types.ts';

/** An action that failed and is not to be tried again before its time, whatever wakes the key. */
export interface Gate {
  readonly kind: Action['kind'];
  readonly uid: string;
  readonly generation: number | undefined;
  /** In the clock's monotonic ms. */
  readonly until: number;
  readonly failures: number;
  /** What the failure made of the conditions. */
  readonly claims: readonly ConditionClaim[];
  /** True where a change on the parent, such as a removed sibling, can make it succeed. */
  readonly easedByParent: boolean;
}

const firstDelay = 500;
const longestDelay = 60_000;

/**
 * Remembers per key what failed last, so that the events which a failed try itself brings about (a device made and rolled back)
 * do not start it again at once.
 */
export class Gates {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #gates = new Map<string, Gate>();

  /** @param random uniform in [0, 1), for jitter */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Takes note of a failure; each further one of the same action doubles the delay. Answers the new gate. */
  close(key: string, failure: Omit<Gate, 'until' | 'failures'>): Gate {
    const earlier = this.#gates.get(key);
    const failures = earlier?.kind === failure.kind && earlier.uid === failure.uid ? earlier.failures + 1 : 1;
    const delay = Math.min(longestDelay, firstDelay * 2 ** (failures - 1)) * (0.75 + this.#random() / 4);
    const gate = { ...failure, failures, until: this.#clock.monotonic() + delay };
    this.#gates.set(key, gate);
    return gate;
  }

  /** The gate that keeps the action from being tried now; undefined if it may be. */
  closed(key: string, kind: Action['kind'], uid: string, generation: number | undefined): Gate | undefined {
    const gate = this.#gates.get(key);
    if (gate?.kind !== kind || gate.uid !== uid || gate.generation !== generation) return undefined;
    return gate.until > this.#clock.monotonic() ? gate : undefined;
  }

  /** Lets the next try happen at once, if `applies`; the count of failures stays. */
  open(key: string, applies: (gate: Gate) => boolean): void {
    const gate = this.#gates.get(key);
    if (gate !== undefined && applies(gate)) this.#gates.set(key, { ...gate, until: -Infinity });
  }

  /** The device is settled, or gone. */
  forget(key: string): void {
    this.#gates.delete(key);
  }
}
