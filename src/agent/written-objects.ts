import type { ObjectMeta } from '../api/object-meta.ts';

interface Versioned {
  readonly metadata: ObjectMeta;
}

function isNewer(a: Versioned, b: Versioned): boolean {
  const [left, right] = [a.metadata.resourceVersion, b.metadata.resourceVersion];
  if (left === undefined || right === undefined || !/^\d+$/.test(left) || !/^\d+$/.test(right)) return false;
  // Kubernetes compares resource versions of one resource as numbers (KEP-5504).
  return BigInt(left) > BigInt(right);
}

/**
 * What the API server answered to our own writes, until the watch has brought the same: so that a second look at an object
 * does not miss our last write and repeat it.
 */
export class WrittenObjects<T extends Versioned> {
  readonly #parse: (answer: unknown) => T;
  readonly #written = new Map<string, Versioned>();

  /** @param parse turns an answer into the kind; called only for an answer that is needed, which few are */
  constructor(parse: (answer: unknown) => T) {
    this.#parse = parse;
  }

  remember(key: string, answer: Versioned): void {
    this.#written.set(key, answer);
  }

  /** The newer one of what the watch has brought and what we wrote. */
  latest(key: string, watched: T | undefined): T | undefined {
    const written = this.#written.get(key);
    if (written === undefined) return watched;
    if (watched !== undefined && written.metadata.uid === watched.metadata.uid && isNewer(written, watched)) return this.#parse(written);
    this.#written.delete(key);
    return watched;
  }

  /**
   * Whether the watch has just brought our own last write, so that there is nothing new in it. The answer is then given up: kept,
   * the answers of all devices would be most of what an agent holds.
   */
  takeEcho(key: string, watched: T | undefined): boolean {
    const written = this.#written.get(key);
    if (written === undefined || written.metadata.resourceVersion !== watched?.metadata.resourceVersion) return false;
    this.#written.delete(key);
    return true;
  }

  forget(key: string): void {
    this.#written.delete(key);
  }

  /**
   * Gives up all answers, before everything is listed anew: a list has what was written before it, unless the server was restored from a
   * backup that has not. Answers their keys.
   */
  forgetAll(): string[] {
    const keys = [...this.#written.keys()];
    this.#written.clear();
    return keys;
  }
}
