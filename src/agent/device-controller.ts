import { findCondition } from '../api/condition.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import { parentObjectName } from '../api/parent-name.ts';
import type { Log } from '../kube/log.ts';
import { parseKey } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import { ProviderError, type MdevProvider } from '../provider/contract.ts';
import { act, isDeviceFailure } from './actor.ts';
import { canTakeOver, decide, decideOrphan } from './decide/decide.ts';
import { failureConditions } from './decide/failure.ts';
import { unavailableConditions } from './decide/unavailable.ts';
import type { Action, Decision, Desired, Observed } from './decide/types.ts';
import { desiredOf } from './desired.ts';
import { groupKey, type DeviceStore } from './device-store.ts';
import type { DeviceWriter } from './device-writer.ts';
import { Gates } from './gates.ts';
import { Lanes } from './lanes.ts';
import type { AgentMetrics } from './metrics.ts';
import { observeObject, observeRecord, type Observers } from './observe.ts';
import type { ProviderState } from './provider-state.ts';
import type { RecordStore } from './record/record-store.ts';
import { WaitingKeys } from './waiting-keys.ts';

export interface DeviceControllerOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly nodeName: string;
  readonly clusterUID: string;
  readonly adoptNamespaces: readonly string[];
  readonly provider: MdevProvider;
  readonly state: ProviderState;
  readonly records: RecordStore;
  readonly devices: DeviceStore;
  readonly parents: Store<MdevParent>;
  readonly writer: DeviceWriter;
}

/** How many keys are worked on at a time, and how many of them may change something on one parent. */
const workers = 32;
const perParent = 4;
/** A pass that takes more steps than this goes on later: something else keeps changing the device. */
const maxSteps = 100;
/** When the kernel cannot be reached, ms; its return is announced besides. */
const unavailableRetry = 5_000;
/** How often a device in use is looked at again, ms: closing it is not announced by every kernel. */
const inUseRecheck = 30_000;

/** Where keys wait whose UUID belongs to another object; no parent has such a name. */
const conflict = '/conflict';

/** What an attempt is stopped for: publish this, and come back. */
interface Failure {
  readonly action: Action;
  readonly error: unknown;
  readonly observed: Observed;
}

/** Actions that go back after a failure, and nothing else is done after one. */
function goesBack(action: Action): boolean {
  return (action.kind === 'remove' && action.why === 'rollback') || action.kind === 'forget';
}

/** Reasons that a change on the parent can lift. */
const easedByParent = new Set(['NoCapacity', 'ParentAbsent', 'ParentLeaving', 'UnknownType', 'Unsupported']);

/**
 * Makes the device of every object of this node as specified: looks, decides, acts, looks again, and writes the status at the
 * end of the pass. Keys are `namespace/name`; a key stands for the object and for all records of objects of that name.
 */
export class DeviceController {
  readonly #options: DeviceControllerOptions;
  readonly #observers: Observers;
  readonly #queue: WorkQueue;
  readonly #lanes: Lanes;
  readonly #gates: Gates;
  /** By parent; by '' those whose parent is not known, by `conflict` those whose UUID is another's. */
  readonly #waiting = new WaitingKeys();
  readonly #requests = new Map<string, (() => Promise<void>)[]>();

  constructor(options: DeviceControllerOptions) {
    this.#options = options;
    const { clock, random, log, metrics, provider, state, records, devices } = options;
    this.#observers = { provider, state, records, devices };
    this.#gates = new Gates(clock, random);
    this.#lanes = new Lanes(perParent, (key) => this.add(key));
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency: workers,
      onError: (key, err, delay) => log.warn({ device: key, err, delay }, 'cannot reconcile a device, trying again'),
      onDone: (_key, seconds, failed) => {
        metrics.reconciled(failed ? 'error' : 'settled', seconds);
        metrics.queued(this.#queue.length);
      },
    });
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  /** All objects and all records. */
  addAll(): void {
    for (const { metadata } of this.#options.devices.list()) this.add(`${metadata.namespace ?? ''}/${metadata.name}`);
    for (const { object } of this.#options.records.all()) this.add(`${object.namespace}/${object.name}`);
  }

  /** Something happened to the device with this id. */
  onDevice(uuid: string): void {
    for (const key of this.#claimants(uuid)) {
      this.#gates.open(key, ({ kind }) => kind !== 'create');
      this.add(key);
    }
  }

  /** Something has become better on this parent ('' for one that was not known). */
  onEased(parent: string): void {
    for (const key of this.#waiting.take(parent)) {
      this.#gates.open(key, (gate) => gate.easedByParent);
      this.add(key);
    }
  }

  /** The object of a key is no longer there: its UUID may be free for another. */
  onObjectGone(): void {
    this.onEased(conflict);
  }

  /** Does something about the records of a key while nobody else does; then looks at the key again. */
  inTurn<T>(key: string, operation: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): Promise<void> => operation().then(resolve, reject);
      this.#requests.set(key, [...(this.#requests.get(key) ?? []), run]);
      this.add(key);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run((key, stop) => this.#reconcile(key, stop), signal);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    this.#waiting.leave(key);
    try {
      const requests = this.#requests.get(key) ?? [];
      this.#requests.delete(key);
      for (const request of requests) await request();
      const object = this.#options.writer.current(key);
      const desired = object?.status?.allocation?.nodeName === this.#options.nodeName ? this.#desired(object) : undefined;
      await this.#reconcileOrphans(key, desired, signal);
      if (object !== undefined && desired !== undefined) await this.#reconcileObject(key, object, desired, signal);
      else {
        this.#gates.forget(key);
        this.#options.writer.forget(key);
      }
    } finally {
      this.#lanes.leave(key);
    }
  }

  #desired(object: MdevDevice): Desired {
    const { clusterUID, adoptNamespaces, records } = this.#options;
    return desiredOf(object, {
      clusterUID,
      adoptNamespaces,
      parentOf: (name) => this.#parentOf(name),
      recordsOf: (namespace, name) => records.ofOwner(namespace, name),
    });
  }

  #parentOf(objectName: string): string | undefined {
    const { parents, state, nodeName } = this.#options;
    return parents.get(objectName)?.spec.parent ?? state.parentNames().find((name) => parentObjectName(nodeName, name) === objectName);
  }

  /** Goes on with the records of earlier objects of this name. */
  async #reconcileOrphans(key: string, desired: Desired | undefined, signal: AbortSignal): Promise<void> {
    const { records, state } = this.#options;
    const { namespace = '', name } = parseKey(key);
    for (const { uuid } of records.ofOwner(namespace, name)) {
      for (let step = 0; step < maxSteps; step += 1) {
        const record = records.get(uuid);
        if (record === undefined || record.object.uid === desired?.object.uid) break;
        if (desired !== undefined && desired.uuid === uuid && canTakeOver(record, desired)) break;
        if (state.bootID === undefined) return;
        const observed = await observeRecord(record, state.bootID, this.#observers, signal);
        const { action } = decideOrphan(record, observed);
        if (action.kind === 'wait') this.#queue.addAfter(key, action.retryAfter);
        if (action.kind === 'none' || action.kind === 'wait') break;
        if (!this.#lanes.tryEnter(record.parent, key)) return;
        await this.#act(key, action, undefined, observed, undefined, signal);
      }
    }
  }

  async #reconcileObject(key: string, object: MdevDevice, desired: Desired, signal: AbortSignal): Promise<void> {
    const { state, clock } = this.#options;
    let failure: Failure | undefined;
    let justMade = false;
    for (let step = 0; step < maxSteps; step += 1) {
      const now = { ...desired, ...this.#uuidNow(object) };
      const { bootID } = state;
      let observed: Observed;
      try {
        if (bootID === undefined) throw new ProviderError('EIO', 'connect', 'the state of the node was not read yet');
        observed = await observeObject(object, now, bootID, justMade, this.#observers, signal);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        return this.#publishUnavailable(key, object, now, error, signal);
      }
      const decision = decide(now, observed);
      const { action } = decision;
      if (failure !== undefined && !goesBack(action)) return this.#publishFailure(key, object, now, failure, signal);
      if (action.kind === 'none' || action.kind === 'wait') return this.#settle(key, object, now, observed, decision, signal);
      const gate = this.#gates.closed(key, action.kind, now.object.uid, object.metadata.generation);
      if (gate !== undefined) {
        if (gate.easedByParent) this.#waiting.wait(now.parent ?? '', key);
        this.#queue.addAfter(key, gate.until - clock.monotonic());
        return this.#publish(object, now, observed, { action, conditions: gate.claims }, signal);
      }
      if (action.kind !== 'removeFinalizer' && !this.#lanes.tryEnter(observed.record?.parent ?? now.parent ?? '', key)) return;
      try {
        await this.#act(key, action, now, observed, object, signal);
        justMade ||= action.kind === 'create';
        if (action.kind === 'removeFinalizer') return;
      } catch (error) {
        if (!isDeviceFailure(error)) throw error;
        // A rollback that fails does not hide why it was needed.
        if (failure !== undefined) return this.#publishFailure(key, object, now, failure, signal);
        failure = { action, error, observed };
      }
    }
    this.#queue.addAfter(key, unavailableRetry);
  }

  /** Records come and go within a pass, and a record settles which UUID the object has. */
  #uuidNow(object: MdevDevice): Pick<Desired, 'uuid' | 'parent'> {
    const { uuid, parent } = this.#desired(object);
    return { uuid, parent };
  }

  async #act(
    key: string,
    action: Action,
    desired: Desired | undefined,
    observed: Observed,
    object: MdevDevice | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await act(key, action, desired, observed, object, this.#options, signal);
    } finally {
      this.#afterwards(action, desired, observed);
    }
  }

  /** Whatever came of an action: the parent is read again, and whom it concerns comes again. */
  #afterwards(action: Action, desired: Desired | undefined, observed: Observed): void {
    const { state, devices } = this.#options;
    if (action.kind === 'removeFinalizer') return;
    const uuid = observed.record?.uuid ?? desired?.uuid;
    const parent = observed.record?.parent ?? desired?.parent;
    const ids = action.kind === 'setGroup' ? action.ids : uuid === undefined ? [] : [uuid];
    if (parent !== undefined) state.refresh(parent, ids, action.kind === 'remove');
    const group = desired?.group;
    if (group !== undefined && desired !== undefined && (action.kind === 'setGroup' || action.kind === 'remove')) {
      for (const key of devices.keysByIndex('group', groupKey(desired.object.namespace, group))) this.add(key);
    }
    if ((action.kind === 'remove' || action.kind === 'forget') && uuid !== undefined)
      for (const key of this.#claimants(uuid)) this.add(key);
  }

  #claimants(uuid: string): Set<string> {
    const { devices, records } = this.#options;
    const keys = new Set(devices.keysByIndex('uuid', uuid));
    const owner = records.get(uuid)?.object;
    if (owner !== undefined) keys.add(`${owner.namespace}/${owner.name}`);
    return keys;
  }

  async #settle(
    key: string,
    object: MdevDevice,
    desired: Desired,
    observed: Observed,
    decision: Decision,
    signal: AbortSignal,
  ): Promise<void> {
    this.#gates.forget(key);
    if (decision.action.kind === 'wait') {
      const conflicts = decision.conditions.some(({ reason }) => reason === 'UUIDConflict');
      this.#waiting.wait(conflicts ? conflict : (desired.parent ?? ''), key);
      this.#queue.addAfter(key, decision.action.retryAfter);
    } else if (observed.users?.inUse === true) this.#queue.addAfter(key, inUseRecheck);
    await this.#publish(object, desired, observed, decision, signal);
  }

  async #publishFailure(key: string, object: MdevDevice, desired: Desired, failure: Failure, signal: AbortSignal): Promise<void> {
    const { action, error, observed } = failure;
    const after = await this.#lookAgain(object, desired, observed, signal);
    const claims = failureConditions(action, error, desired, after);
    const reason = claims.find(({ type }) => type === 'Created')?.reason ?? '';
    // A device whose attribute failed was rolled back: what is not to be repeated at once is making it.
    const kind = action.kind === 'writeAttribute' ? 'create' : action.kind;
    const { uid } = desired.object;
    const { generation } = object.metadata;
    const gate = this.#gates.close(key, { kind, uid, generation, claims, easedByParent: easedByParent.has(reason) });
    if (gate.easedByParent) this.#waiting.wait(desired.parent ?? '', key);
    this.#queue.addAfter(key, gate.until - this.#options.clock.monotonic());
    await this.#publish(object, desired, after, { action, conditions: claims }, signal);
  }

  /** After a refusal the users may be known, and a rolled back device is gone. */
  async #lookAgain(object: MdevDevice, desired: Desired, before: Observed, signal: AbortSignal): Promise<Observed> {
    try {
      return await observeObject(object, desired, before.bootID, false, this.#observers, signal);
    } catch (error) {
      if (error instanceof ProviderError) return before;
      throw error;
    }
  }

  async #publishUnavailable(key: string, object: MdevDevice, desired: Desired, error: ProviderError, signal: AbortSignal): Promise<void> {
    this.#queue.addAfter(key, unavailableRetry);
    const created = findCondition(object.status?.conditions, 'Created');
    const settled = created?.status === 'True' && created.observedGeneration === object.metadata.generation;
    if (settled && !desired.deleting && !desired.withdrawn) return;
    const facts = { uuid: desired.uuid, device: undefined, bootID: undefined, users: undefined, claims: unavailableConditions(error) };
    await this.#options.writer.publish(object, facts, signal);
  }

  async #publish(object: MdevDevice, desired: Desired, observed: Observed, decision: Decision, signal: AbortSignal): Promise<void> {
    if (decision.conditions.length === 0) return;
    const ours = observed.record?.object.uid === desired.object.uid && observed.record.bootID === observed.bootID;
    const { bootID } = observed;
    const facts = ours
      ? { uuid: desired.uuid, device: observed.device, bootID, users: observed.users, claims: decision.conditions }
      : { uuid: desired.uuid, device: undefined, bootID, users: undefined, claims: decision.conditions };
    await this.#options.writer.publish(object, facts, signal);
  }
}
