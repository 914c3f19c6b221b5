import { findCondition } from '../api/condition.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import { keyOf } from '../kube/resource.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Log } from '../kube/log.ts';
import type { Clock } from '../lib/clock.ts';
import { Agenda } from './agenda.ts';
import { remaining } from './capacity.ts';
import { classOf, concerns, defaultClasses, refuseByItsClass } from './class-binding.ts';
import { decide, requestOf, type Action, type Situation } from './decide.ts';
import { matchingTypes, refuseStanding } from './eligibility.ts';
import { nextTurn, pacer } from './pacer.ts';
import { saysRefused } from './status.ts';
import { ObjectTracker, type DeviceFacts } from './tracker.ts';
import { Waiting } from './waiting.ts';
import { byAge, groupKey, standingAllocation, typeKey, typeKeys } from './world.ts';

/** What metrics can learn of the allocator. */
export interface AllocatorHooks {
  readonly onAction?: (type: Action['type'], reason: string | undefined) => void;
  /** After each pass: how long it took and how many devices wait for a place. */
  readonly onPass?: (seconds: number, waiting: number) => void;
}

export interface AllocatorOptions {
  readonly situation: Situation;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly hooks: AllocatorHooks;
  /** Has a decision carried out; returns at once. */
  readonly submit: (device: MdevDevice, action: Action) => void;
  /** The object is gone: nothing is to be carried out any more. */
  readonly cancel: (key: string) => void;
}

/** Stands for all waiting devices among the keys to be looked at later: no object is named so. */
const everybody = '';
/** How long after parents come, go or change their minds waiting devices say so, ms. */
const explainAfter = 1000;
/** How long a place is kept for a device that has to leave another parent first, ms. */
const reservationLasts = 60_000;
/** How long after a decision failed it is tried again, ms. */
const retryOdd = 10_000;
/** A group is placed once no member has come for this long, so that all are considered together, ms. */
const groupSettles = 250;

/**
 * Decides, one object after the other and the oldest first; what is decided is assumed at once, so the next decision knows of
 * it, and carried out elsewhere. Changes only mark what has to be looked at; a pass looks at all that is marked.
 */
export class Allocator {
  readonly #options: AllocatorOptions;
  readonly #waiting = new Waiting();
  readonly #tracker: ObjectTracker;
  readonly #agenda = new Agenda();
  /** The last thing submitted for an object, with the version it was decided from. */
  readonly #submitted = new Map<string, string>();
  readonly #groupSeen = new Map<string, number>();
  /** When a place that is kept for a device is given up, by object UID. */
  readonly #reservedUntil = new Map<string, number>();
  readonly #later: WorkQueue;
  /** The class that binds devices which name none. */
  #defaultClass: string | undefined;
  #live = false;

  constructor(options: AllocatorOptions) {
    this.#options = options;
    this.#tracker = new ObjectTracker(options.situation.world);
    this.#later = new WorkQueue({
      clock: options.clock,
      random: options.random,
      concurrency: 1,
      onError: (key, error) => options.log.error({ device: key, err: error }, 'cannot look at a device again'),
    });
  }

  /** Devices without a place, or stuck where they are. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A device's object came, changed or went. */
  deviceChanged(key: string): void {
    const { world, ledger, avoidance } = this.#options.situation;
    const { before, after } = this.#tracker.device(key);
    if (before !== undefined && before.uid !== after?.uid) this.#deviceGone(key, before);
    if (after === undefined) return;
    const device = world.devices.get(key);
    const allocation = device?.status?.allocation;
    const assumption = ledger.assumption(after.uid);
    const left = allocation?.withdrawn === true && after.parentName === undefined;
    if (assumption !== undefined) {
      const arrived = after.parentName === assumption.parentName && after.typeID === assumption.typeID;
      if (assumption.reserved ? left : arrived) this.#release(after.uid);
    }
    if (left && !avoidance.avoided(after.uid).has(allocation.parentName)) avoidance.remember(after.uid, allocation.parentName);
    if (before?.uid === after.uid && before.parentName !== undefined && before.parentName !== after.parentName)
      this.#freed(before.parentName, key);
    if (before?.placement !== after.placement && after.parentName !== undefined) ledger.deviceChanged(after.parentName, key);
    if (before !== undefined && (before.uuid !== after.uuid || before.deleting !== after.deleting)) this.#relativesOf(before, key);
    if (before === undefined && after.groupKey !== undefined && this.#live)
      this.#groupSeen.set(after.groupKey, this.#options.clock.monotonic());
    this.#agenda.addDevice(key);
  }

  /** A parent came, changed or went. */
  parentChanged(name: string): void {
    const { world, ledger } = this.#options.situation;
    ledger.invalidate(name);
    if (this.#tracker.parent(name) !== 'Capacity') this.#reconsider(name);
    if (this.#waiting.size > 0) for (const key of this.#tracker.reportedOn(name, this.#waiting)) this.#agenda.addDevice(key);
    if (world.parents.has(name)) this.#agenda.addParent(name);
  }

  /** A node came, changed or went, is lost or no longer. */
  nodeChanged(name: string): void {
    const { world, ledger } = this.#options.situation;
    if (!this.#tracker.node(name)) return;
    for (const device of world.devices.byIndex('node', name))
      if (device.metadata.deletionTimestamp !== undefined) this.#agenda.addDevice(keyOf(device.metadata));
    for (const parentName of world.parents.keysByIndex('node', name)) {
      ledger.invalidate(parentName);
      this.#reconsider(parentName);
      this.#agenda.addParent(parentName);
    }
  }

  /** A class came, changed or went. Only devices that wait are concerned: one that has its place keeps it. */
  classChanged(name: string): void {
    const { world } = this.#options.situation;
    const before = this.#defaultClass;
    this.#defaultClass = defaultClasses(world.classes.byIndex('default', 'true'))[0]?.metadata.name;
    const defaultChanged = before !== this.#defaultClass || name === this.#defaultClass;
    this.#lookAgain((device) => concerns(device, name, defaultChanged));
  }

  /** A namespace came, changed or went: classes select namespaces by their labels. */
  namespaceChanged(name: string): void {
    this.#lookAgain((device) => device.metadata.namespace === name && classOf(device, this.#options.situation.world) !== undefined);
  }

  /** A decision came to nothing: its object was deleted or made anew before it could be written. */
  dropped(key: string, uid: string): void {
    this.#release(uid);
    this.#submitted.delete(key);
    this.#agenda.addDevice(key);
  }

  /** Decides until `signal` is aborted. Start it when all stores are complete. */
  async run(signal: AbortSignal): Promise<void> {
    const later = this.#later.run(async (key) => {
      for (const due of key === everybody ? this.#waiting.keys() : [key]) this.#agenda.addDevice(due);
    }, signal);
    this.#live = true;
    while (!signal.aborted) {
      await this.#agenda.filled(signal);
      // What arrives together is sorted together.
      await nextTurn();
      await this.#pass(signal);
    }
    await later;
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { situation, clock, hooks } = this.#options;
    const started = clock.monotonic();
    const breathe = pacer(signal);
    const devices = this.#agenda.takeDevices().flatMap((key) => situation.world.devices.get(key) ?? []);
    for (const device of devices.sort(byAge)) {
      this.#settle(keyOf(device.metadata));
      if (!(await breathe())) return;
    }
    for (const name of this.#agenda.takeParents().sort()) if (!(await this.#offer(name, breathe))) return;
    hooks.onPass?.((clock.monotonic() - started) / 1000, this.#waiting.size);
  }

  /** Tries the devices that wait for a type of this parent, the oldest first, as long as it has room. */
  async #offer(name: string, breathe: () => Promise<boolean>): Promise<boolean> {
    const { situation } = this.#options;
    const { world, ledger } = situation;
    const parent = world.parents.get(name);
    if (parent === undefined || this.#waiting.size === 0) return true;
    for (const type of new Set(typeKeys(parent))) {
      for (const key of [...this.#waiting.ofType(type)]) {
        const device = world.devices.get(key);
        const candidate = ledger.candidate(name);
        if (device === undefined || candidate === undefined) continue;
        if (remaining(candidate.model, candidate.pending, matchingTypes(device.spec, candidate.parent)[0] ?? '') === 0) break;
        if (refuseByItsClass(device, world) !== undefined || refuseStanding(requestOf(device, situation), candidate) !== undefined)
          continue;
        this.#settle(key);
        if (!(await breathe())) return false;
      }
    }
    return true;
  }

  #settle(key: string): void {
    const { situation, clock } = this.#options;
    const device = situation.world.devices.get(key);
    if (device === undefined) return;
    const reservedUntil = this.#reservedUntil.get(device.metadata.uid ?? '');
    if (reservedUntil !== undefined && reservedUntil <= clock.monotonic()) this.#release(device.metadata.uid ?? '');
    const group = groupKey(device);
    const seen = group === undefined ? undefined : this.#groupSeen.get(group);
    if (group !== undefined && seen !== undefined) {
      const left = seen + groupSettles - clock.monotonic();
      if (left > 0 && device.metadata.deletionTimestamp === undefined) {
        this.#later.addAfter(key, left);
        return;
      }
      this.#groupSeen.delete(group);
    }
    try {
      for (const [member, action] of decide(device, situation)) this.#carryOut(member, action);
    } catch (error) {
      // One odd object must not stop the others.
      this.#later.addAfter(key, retryOdd);
      this.#options.log.error({ device: key, err: error }, 'cannot decide about a device');
    }
  }

  #carryOut(key: string, action: Action): void {
    const { situation, submit, hooks } = this.#options;
    const { world, ledger, avoidance } = situation;
    const device = world.devices.get(key);
    if (device === undefined) return;
    const uid = device.metadata.uid ?? '';
    if (action.type === 'Refuse' || action.type === 'Stay') this.#wait(device);
    else this.#waiting.delete(key);
    switch (action.type) {
      case 'None':
      case 'Stay':
        this.#submitted.delete(key);
        return;
      case 'Refuse': {
        const retry = avoidance.nextTry(uid);
        if (retry !== undefined) this.#later.addAfter(key, retry);
        if (saysRefused(device, action.why)) return;
        break;
      }
      case 'Allocate':
        ledger.assume(device, action.allocation.parentName, action.allocation.typeID);
        break;
      case 'Withdraw':
        avoidance.remember(uid, action.allocation.parentName);
        ledger.assume(device, action.target.parentName, action.target.typeID, true);
        this.#reservedUntil.set(uid, this.#options.clock.monotonic() + reservationLasts);
        this.#later.addAfter(key, reservationLasts);
        break;
      case 'AddFinalizer':
      case 'RemoveFinalizer':
        break;
    }
    const mark = `${uid} ${device.metadata.resourceVersion ?? ''} ${JSON.stringify(action)}`;
    if (this.#submitted.get(key) === mark) return;
    this.#submitted.set(key, mark);
    hooks.onAction?.(action.type, action.type === 'Refuse' ? action.why.reason : undefined);
    submit(device, action);
  }

  #lookAgain(concerned: (device: MdevDevice) => boolean): void {
    for (const key of this.#waiting.keys()) {
      const device = this.#options.situation.world.devices.get(key);
      if (device !== undefined && concerned(device)) this.#agenda.addDevice(key);
    }
  }

  #wait(device: MdevDevice): void {
    const { creationTimestamp = '', uid = '' } = device.metadata;
    this.#waiting.add({ key: keyOf(device.metadata), typeKey: typeKey(device), creationTimestamp, uid });
  }

  #deviceGone(key: string, before: DeviceFacts): void {
    const { situation, cancel } = this.#options;
    this.#release(before.uid);
    situation.avoidance.forget(before.uid);
    cancel(key);
    this.#later.forget(key);
    this.#waiting.delete(key);
    this.#submitted.delete(key);
    if (before.parentName !== undefined) this.#freed(before.parentName, key);
    this.#relativesOf(before, key);
  }

  /** Those that had to stand back because of an object: with its UUID, or in its group. */
  #relativesOf({ uuid, groupKey: group }: DeviceFacts, key: string): void {
    const { devices } = this.#options.situation.world;
    const relatives = [...devices.keysByIndex('uuid', uuid), ...(group === undefined ? [] : devices.keysByIndex('group', group))];
    for (const other of relatives) if (other !== key) this.#agenda.addDevice(other);
  }

  /**
   * A parent came, went, or takes other devices than before. Who can go there is found by `#offer`; this is for those on it that do
   * not exist, and, a little later and many changes at once, for the sentence that all waiting devices show.
   */
  #reconsider(name: string): void {
    const { devices } = this.#options.situation.world;
    for (const device of devices.byIndex('parent', name)) {
      const created = findCondition(device.status?.conditions, 'Created');
      if (created?.status === 'False' && standingAllocation(device) !== undefined) this.#agenda.addDevice(keyOf(device.metadata));
    }
    if (this.#waiting.size > 0) this.#later.addAfter(everybody, explainAfter);
  }

  #release(uid: string): void {
    const { ledger } = this.#options.situation;
    const assumption = ledger.assumption(uid);
    if (assumption === undefined) return;
    ledger.forget(uid);
    this.#reservedUntil.delete(uid);
    this.#agenda.addParent(assumption.parentName);
  }

  /** The device of `key` has left the parent. */
  #freed(parentName: string, key: string): void {
    this.#options.situation.ledger.deviceChanged(parentName, key);
    this.#agenda.addParent(parentName);
  }
}
