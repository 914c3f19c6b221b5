import { findCondition, type Condition } from '../api/condition.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import type { Clock } from '../lib/clock.ts';

/** Reasons of Created=False that say: not here, as long as nothing changes here. */
const notHere: ReadonlySet<string> = new Set(['NoCapacity', 'UnknownType']);

/**
 * Why a device cannot be created where it was put, or undefined if it can or might. Only such a device may be moved:
 * - never one that exists (`there`), nor one that is being deleted or adopted;
 * - when the parent is absent, only if it was so before the device was put there: else the device may have been used there,
 *   and waits for its parent.
 */
export function stuck(device: MdevDevice, parent: MdevParent | undefined, there: boolean): Condition | undefined {
  const allocation = device.status?.allocation;
  if (allocation === undefined || allocation.withdrawn === true || there) return undefined;
  if (device.metadata.deletionTimestamp !== undefined || device.spec.adopt) return undefined;
  const created = findCondition(device.status?.conditions, 'Created');
  if (created?.status !== 'False') return undefined;
  if (notHere.has(created.reason)) return created;
  if (created.reason !== 'ParentAbsent') return undefined;
  const present = findCondition(parent?.status?.conditions, 'Present');
  const allocated = findCondition(device.status?.conditions, 'Allocated');
  if (present?.status !== 'False' || allocated === undefined) return undefined;
  return Date.parse(allocated.lastTransitionTime) >= Date.parse(present.lastTransitionTime) ? created : undefined;
}

/** First wait before a parent is tried again for the same device; doubled each time, ms. */
const firstWait = 10_000;
const longestWait = 10 * 60_000;

/** Remembers which parents could not take a device, so that it does not go back there at once. Lost at a restart, on purpose. */
export class Avoidance {
  readonly #clock: Clock;
  readonly #byDevice = new Map<string, Map<string, { failures: number; until: number }>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that `parentName` could not take the device with this object UID. */
  remember(uid: string, parentName: string): void {
    const parents = this.#byDevice.get(uid) ?? new Map<string, { failures: number; until: number }>();
    const failures = (parents.get(parentName)?.failures ?? 0) + 1;
    const wait = Math.min(longestWait, firstWait * 2 ** (failures - 1));
    parents.set(parentName, { failures, until: this.#clock.monotonic() + wait });
    this.#byDevice.set(uid, parents);
  }

  /** The parents not to try now. */
  avoided(uid: string): ReadonlySet<string> {
    const now = this.#clock.monotonic();
    const parents = this.#byDevice.get(uid) ?? new Map<string, { until: number }>();
    return new Set([...parents].flatMap(([name, { until }]) => (until > now ? name : [])));
  }

  /** In how many ms the first of them may be tried again; undefined if none is avoided. */
  nextTry(uid: string): number | undefined {
    const now = this.#clock.monotonic();
    const waits = [...(this.#byDevice.get(uid)?.values() ?? [])].map(({ until }) => until - now).filter((wait) => wait > 0);
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  forget(uid: string): void {
    this.#byDevice.delete(uid);
  }
}
