/** Says why a part of the process does not do its work; undefined when it does. A sentence with the cause and, where one can, what to do. */
export type Check = () => string | undefined;

/** A part that does not do its work, and why. */
export interface Unready {
  readonly check: string;
  readonly reason: string;
}

/** Whether the parts of a process do their work. Checks are asked whenever somebody wants to know, so they must be cheap. */
export class Readiness {
  readonly #checks = new Map<string, Check>();

  /** Adds a check of this name, in place of an earlier one. */
  add(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  /** Adds a check that fails until the returned function is called. */
  waitFor(name: string): () => void {
    let started = false;
    this.add(name, () => (started ? undefined : 'has not started'));
    return () => {
      started = true;
    };
  }

  /** The names of all checks. */
  names(): string[] {
    return [...this.#checks.keys()];
  }

  /** All that is not ready, in the order in which the checks were added. */
  unready(): Unready[] {
    return [...this.#checks].flatMap(([check, ask]) => {
      const reason = ask();
      return reason === undefined ? [] : [{ check, reason }];
    });
  }
}
