import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { isNotFound, isRetryable } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { EventAggregator } from './event-aggregator.ts';
import type { Log } from './log.ts';
import { eventResource } from './resource.ts';
import { TokenBuckets } from './token-buckets.ts';
import { WorkQueue } from './work-queue.ts';

/** The object an Event is about. */
export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace?: string | undefined;
    readonly name: string;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** One word for programs. */
  readonly reason: string;
  /** A sentence for people. */
  readonly message: string;
}

/** What reconcilers need of a recorder. */
export interface EventSink {
  /** Takes note and returns at once; never throws. */
  record(target: EventTarget, note: EventNote): void;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Who reports, such as `mdev-agent`. */
  readonly component: string;
  /** Which one of them: the node or pod. */
  readonly instance: string;
}

/** The same thing said again within this time raises the count of the Event instead of making another, ms. */
const repeatWindow = 10 * 60_000;
const maxRemembered = 2048;
const maxPending = 1000;
const maxAttempts = 5;
/** API servers take no longer messages, characters. */
const maxMessage = 1024;

interface Pending {
  readonly target: EventTarget;
  note: EventNote;
  readonly combined: boolean;
  readonly first: number;
  last: number;
  times: number;
  attempts: number;
}

interface Written {
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
  readonly last: number;
}

function time(now: number): string {
  return new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/**
 * Writes core/v1 Events, the form that `kubectl describe` of every version finds. They are a courtesy: what is said again within ten minutes
 * raises a count, many that differ in their message only become one, at most so many wait, at most so many per object are written (25 at
 * once, then one in five minutes, as client-go does), and one that cannot be written is dropped with a line in the log.
 */
export class EventRecorder implements EventSink {
  readonly #options: EventRecorderOptions;
  readonly #queue: WorkQueue;
  readonly #pending = new Map<string, Pending>();
  readonly #written = new Map<string, Written>();
  readonly #aggregator: EventAggregator;
  readonly #buckets: TokenBuckets;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { clock, random, log } = options;
    this.#aggregator = new EventAggregator(clock);
    this.#buckets = new TokenBuckets({ clock, burst: 25, refillInterval: 300_000, maxBuckets: maxRemembered });
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency: 2,
      baseDelay: 500,
      onError: (_key, error, delay) => log.debug({ err: error, delay }, 'cannot write an event, trying again'),
    });
  }

  /** How many notes were not written: too many, or refused. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether anything is still to be written. */
  get busy(): boolean {
    return this.#pending.size > 0;
  }

  record(target: EventTarget, given: EventNote): void {
    const { metadata } = target;
    const { key, note, combined } = this.#aggregator.take(target, given);
    const now = this.#options.clock.now();
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      pending.times += 1;
      pending.last = now;
      pending.note = note;
      return;
    }
    if (this.#pending.size >= maxPending || !this.#buckets.take(`${metadata.uid ?? ''}/${metadata.name}`)) {
      this.#dropped += 1;
      return;
    }
    this.#pending.set(key, { target, note, combined, first: now, last: now, times: 1, attempts: 0 });
    this.#queue.add(key);
  }

  /** Writes what is recorded until `signal` is aborted. What waits then is dropped. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run((key, stop) => this.#write(key, stop), signal);
  }

  async #write(key: string, signal: AbortSignal): Promise<void> {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    const times = pending.times;
    try {
      const written = this.#written.get(key);
      const repeat = written !== undefined && pending.last - written.last < repeatWindow ? written : undefined;
      const result = (repeat && (await this.#count(repeat, pending, signal))) ?? (await this.#create(key, pending, signal));
      this.#remember(key, result);
    } catch (error) {
      pending.attempts += 1;
      if (!signal.aborted && (!isRetryable(error) || pending.attempts >= maxAttempts)) {
        this.#pending.delete(key);
        this.#dropped += 1;
        this.#options.log.warn({ err: error, reason: pending.note.reason, object: pending.target.metadata.name }, 'cannot write an event');
        return;
      }
      throw error;
    }
    pending.times -= times;
    if (pending.times > 0) this.#queue.add(key);
    else this.#pending.delete(key);
  }

  /** Raises the count of an Event that is there; undefined if it is there no more. */
  async #count(written: Written, pending: Pending, signal: AbortSignal): Promise<Written | undefined> {
    const count = written.count + pending.times;
    const { last, combined, note } = pending;
    const change = { count, lastTimestamp: time(last), ...(combined && { message: note.message.slice(0, maxMessage) }) };
    try {
      await this.#options.client.patch(eventResource, written, 'merge', change, {}, signal);
      return { ...written, count, last };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #create(key: string, pending: Pending, signal: AbortSignal): Promise<Written> {
    const { target, note, times: count, last } = pending;
    const { component, instance, client } = this.#options;
    const { namespace: ownNamespace, name: objectName, uid, resourceVersion } = target.metadata;
    const namespace = ownNamespace ?? 'default';
    const suffix = createHash('sha256').update(`${key}\n${instance}\n${pending.first}`).digest('hex').slice(0, 16);
    const name = `${objectName.slice(0, 230)}.${suffix}`;
    const event = {
      metadata: { namespace, name },
      involvedObject: { apiVersion: target.apiVersion, kind: target.kind, namespace: ownNamespace, name: objectName, uid, resourceVersion },
      type: note.type,
      reason: note.reason,
      message: note.message.slice(0, maxMessage),
      source: { component, host: instance },
      reportingComponent: component,
      reportingInstance: instance,
      firstTimestamp: time(pending.first),
      lastTimestamp: time(last),
      count,
    };
    await client.create(eventResource, event, { namespace }, signal);
    return { namespace, name, count, last };
  }

  #remember(key: string, written: Written): void {
    this.#written.delete(key);
    this.#written.set(key, written);
    for (const oldest of this.#written.keys()) {
      if (this.#written.size <= maxRemembered) break;
      this.#written.delete(oldest);
    }
  }
}
