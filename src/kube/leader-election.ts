import { sleep, type Clock } from '../lib/clock.ts';
import { isAborted, pause } from './abort.ts';
import { isAlreadyExists, isConflict } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { leaseSchema, toMicroTime, type Lease } from './lease.ts';
import type { Log } from './log.ts';
import { leaseResource, type ObjectKey } from './resource.ts';

export interface LeaseTiming {
  /** Others wait this long after the last renewal they saw, ms; 15 s if left out. */
  readonly leaseDuration?: number;
  /** The leader stops leading when it could not renew for this long, ms; 10 s. Less than leaseDuration. */
  readonly renewDeadline?: number;
  /** Between two attempts, ms; 2 s. */
  readonly retryPeriod?: number;
}

export interface LeaderElectorOptions extends LeaseTiming {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly lease: ObjectKey & { readonly namespace: string };
  /** Different for every process. */
  readonly identity: string;
}

/** The reason with which the work of a leader is aborted when it leads no more. */
export class LeadershipLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LeadershipLost';
  }
}

/**
 * Elects one leader through a Lease, with client-go's rules: the age of a lease is judged by when this process saw it change,
 * never by the times in it, so clocks of different machines need not agree.
 * Guarantee: as long as clocks run at about the same speed, no two processes lead at a time. A leader that is cut off stops
 * before others start.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  #seen: { readonly version: string; readonly at: number } | undefined;
  #leading = false;
  /** When the last renewal that succeeded began. */
  #renewedAt = 0;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
  }

  get leading(): boolean {
    return this.#leading;
  }

  /**
   * Whether this process may act as leader at this very moment. False at once when a process wakes up that was paused for longer than the
   * deadline, before any timer has run: what it had in mind is then not to be done any more.
   */
  mayAct(): boolean {
    const { clock, renewDeadline = 10_000 } = this.#options;
    return this.#leading && clock.monotonic() - this.#renewedAt < renewDeadline;
  }

  /**
   * Waits to become leader, then runs `lead` until leadership is lost, and begins again, until `signal` is aborted. The lease is
   * given back when `lead` ends. Rejects with what `lead` rejects with, unless that is because of its signal.
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (await this.#acquire(signal)) {
      const { log, lease, identity } = this.#options;
      log.info({ lease: lease.name, identity }, 'leading');
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      this.#leading = true;
      const renewing = this.#renew(stop);
      try {
        await lead(stop.signal);
        if (!isAborted(stop.signal)) return;
      } catch (error) {
        if (!isAborted(stop.signal)) throw error;
      } finally {
        this.#leading = false;
        signal.removeEventListener('abort', onAbort);
        stop.abort(new LeadershipLost('no longer leading'));
        await renewing;
        await this.#release();
      }
    }
  }

  /** True when this process leads, false when `signal` was aborted before. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random, log, retryPeriod = 2000 } = this.#options;
    while (!signal.aborted) {
      try {
        const started = clock.monotonic();
        if (await this.#attempt(signal)) {
          this.#renewedAt = started;
          return true;
        }
      } catch (error) {
        if (isAborted(signal)) return false;
        log.warn({ err: error }, 'cannot acquire the lease, trying again');
      }
      if (!(await pause(clock, retryPeriod * (1 + random() * 1.2), signal))) return false;
    }
    return false;
  }

  /** Renews until `stop` is aborted; aborts it itself when the deadline passes or somebody else holds the lease. */
  async #renew(stop: AbortController): Promise<void> {
    const { clock, log, renewDeadline = 10_000, retryPeriod = 2000 } = this.#options;
    while (!stop.signal.aborted) {
      const left = this.#renewedAt + renewDeadline - clock.monotonic();
      // Also cuts a request that hangs past the deadline.
      const cancel = clock.setTimeout(() => stop.abort(new LeadershipLost('the lease could not be renewed in time')), left);
      try {
        await sleep(clock, Math.min(retryPeriod, left), stop.signal);
        const started = clock.monotonic();
        if (await this.#attempt(stop.signal)) this.#renewedAt = started;
        else stop.abort(new LeadershipLost('somebody else holds the lease'));
      } catch (error) {
        if (!isAborted(stop.signal)) log.warn({ err: error }, 'cannot renew the lease, trying again');
      } finally {
        cancel();
      }
    }
  }

  /** One try to take or renew the lease; false if somebody else holds it or was faster. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { client, clock, lease: key, identity, leaseDuration = 15_000 } = this.#options;
    const now = toMicroTime(clock.now());
    const mine = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(leaseDuration / 1000), renewTime: now };
    const object = await client.get(leaseResource, key, signal);
    try {
      if (object === undefined) {
        const spec = { ...mine, acquireTime: now, leaseTransitions: 0 };
        this.#saw(leaseSchema.parse(await client.create(leaseResource, { metadata: key, spec }, { namespace: key.namespace }, signal)));
        return true;
      }
      const lease = leaseSchema.parse(object);
      this.#saw(lease);
      const holder = lease.spec.holderIdentity ?? '';
      if (holder !== '' && holder !== identity && !this.#expired(leaseDuration)) return false;
      const spec =
        holder === identity
          ? { ...lease.spec, ...mine }
          : { ...lease.spec, ...mine, acquireTime: now, leaseTransitions: (lease.spec.leaseTransitions ?? 0) + 1 };
      this.#saw(leaseSchema.parse(await client.replace(leaseResource, key, { metadata: object.metadata, spec }, signal)));
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) {
        // Somebody wrote in between; who holds it is seen at the next attempt. A leader has until its deadline.
        if (this.#leading) throw error;
        return false;
      }
      throw error;
    }
  }

  #saw(lease: Lease): void {
    const version = lease.metadata.resourceVersion ?? '';
    if (this.#seen?.version !== version) this.#seen = { version, at: this.#options.clock.monotonic() };
  }

  #expired(leaseDuration: number): boolean {
    return this.#seen !== undefined && this.#options.clock.monotonic() - this.#seen.at >= leaseDuration;
  }

  /** Gives the lease back so that another need not wait for it to expire; tries once, for at most two seconds. */
  async #release(): Promise<void> {
    const { client, clock, lease: key, identity, log } = this.#options;
    const stop = new AbortController();
    const cancel = clock.setTimeout(() => stop.abort(new Error('Cannot release the lease within 2 s')), 2000);
    try {
      const object = await client.get(leaseResource, key, stop.signal);
      if (object === undefined) return;
      const lease = leaseSchema.parse(object);
      if (lease.spec.holderIdentity !== identity) return;
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: toMicroTime(clock.now()) };
      await client.replace(leaseResource, key, { metadata: object.metadata, spec }, stop.signal);
    } catch (error) {
      log.warn({ err: error }, 'cannot release the lease, it will expire');
    } finally {
      cancel();
    }
  }
}
