import type { Clock } from '../lib/clock.ts';

export interface TokenBucketsOptions {
  readonly clock: Clock;
  /** Tokens of a full bucket. */
  readonly burst: number;
  /** One token comes back after this time, ms. */
  readonly refillInterval: number;
  /** The buckets used longest ago are forgotten beyond this number. */
  readonly maxBuckets: number;
}

/** One token bucket a key: how often something may happen for each. */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(options: TokenBucketsOptions) {
    this.#options = options;
  }

  /** Takes a token of `key`; false if there is none. */
  take(key: string): boolean {
    const { clock, burst, refillInterval, maxBuckets } = this.#options;
    const now = clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillInterval);
    const allowed = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= maxBuckets) break;
      this.#buckets.delete(oldest);
    }
    return allowed;
  }
}
