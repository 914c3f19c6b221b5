import type { MdevDevice } from '../api/mdev-device.ts';
import { parentObjectName } from '../api/parent-name.ts';
import { isConflict } from '../kube/api-error.ts';
import type { Log } from '../kube/log.ts';
import { parseKey } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import type { KubeTelemetry } from '../kube/telemetry.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import type { MdevProvider } from '../provider/contract.ts';
import { act } from './actor.ts';
import { canTakeOver, decideOrphan } from './decide/decide.ts';
import type { Action, Desired, Observed } from './decide/types.ts';
import { desiredOf, withRecords } from './desired.ts';
import { groupKey, type DeviceStore } from './device-store.ts';
import type { DeviceWriter } from './device-writer.ts';
import { Gates } from './gates.ts';
import { Lanes } from './lanes.ts';
import type { AgentMetrics } from './metrics.ts';
import { passObject, type PassContext } from './object-pass.ts';
import { observeRecord, type Observers } from './observe.ts';
import type { ProviderState } from './provider-state.ts';
import type { RecordStore } from './record/record-store.ts';
import { WaitingKeys } from './waiting-keys.ts';

export interface DeviceControllerOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly telemetry: KubeTelemetry;
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
/** What a pass is doing to a device. */
interface Change {
  readonly key: string;
  readonly parent: string;
  /** Whether those who wait on the parent may be better off afterwards. */
  readonly eased: boolean;
}

interface Request {
  readonly run: () => Promise<void>;
  readonly cancel: (reason: Error) => void;
}

/** Where keys wait whose UUID belongs to another object; no parent has such a name. */
const conflict = '/conflict';

/**
 * Makes the device of every object of this node as specified: looks, decides, acts, looks again, and writes the status at the
 * end of the pass. Keys are `namespace/name`; a key stands for the object and for all records of objects of that name.
 */
export class DeviceController {
  readonly #options: DeviceControllerOptions;
  readonly #observers: Observers;
  readonly #queue: WorkQueue;
  readonly #parentLanes: Lanes;
  readonly #uuidLanes: Lanes;
  readonly #gates: Gates;
  /** By parent; by '' those whose parent is not known, by `conflict` those whose UUID is another's. */
  readonly #waiting = new WaitingKeys();
  readonly #requests = new Map<string, Request[]>();
  /** Devices that a pass is changing, until it has looked at them again: what is heard of them meanwhile is nothing new. */
  readonly #acting = new Map<string, Change>();

  constructor(options: DeviceControllerOptions) {
    this.#options = options;
    const { clock, random, log, telemetry, provider, state, records, devices } = options;
    this.#observers = { provider, state, records, devices };
    this.#gates = new Gates(clock, random);
    this.#parentLanes = new Lanes(perParent, (key) => this.add(key));
    this.#uuidLanes = new Lanes(1, (key) => this.add(key));
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency: workers,
      onError: (key, err, delay) => {
        const fields = { device: key, err, delay };
        if (isConflict(err)) log.debug(fields, 'the object changed, looking again');
        else log.warn(fields, 'cannot reconcile a device, trying again');
      },
      telemetry: telemetry.queue('devices'),
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
    if (this.#acting.has(uuid)) return;
    for (const key of this.#claimants(uuid)) {
      this.#gates.open(key, ({ kind }) => kind !== 'create');
      this.add(key);
    }
  }

  /** Whether a pass is changing this device and will look at it again. */
  isActingOn(uuid: string): boolean {
    return this.#acting.has(uuid);
  }

  /** Something has become better on this parent ('' for one that was not known). */
  onEased(parent: string): void {
    for (const key of this.#waiting.take(parent)) {
      this.#gates.open(key, (gate) => gate.easedByParent);
      this.add(key);
    }
  }

  /** The parent has begun to leave and takes its devices along. */
  onParentLeaving(parent: string): void {
    for (const record of this.#options.records.all())
      if (record.parent === parent) this.add(`${record.object.namespace}/${record.object.name}`);
  }

  /** The object of a key is no longer there: its UUID may be free for another. */
  onObjectGone(): void {
    this.onEased(conflict);
  }

  /** Does something about the records of a key while nobody else does; then looks at the key again. */
  inTurn<T>(key: string, operation: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const request = { run: () => operation().then(resolve, reject), cancel: reject };
      this.#requests.set(key, [...(this.#requests.get(key) ?? []), request]);
      this.add(key);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run((key, stop) => this.#reconcile(key, stop), signal);
    for (const { cancel } of [...this.#requests.values()].flat()) cancel(new Error('The agent is stopping: ask the next one'));
    this.#requests.clear();
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    this.#waiting.leave(key);
    try {
      const requests = this.#requests.get(key) ?? [];
      this.#requests.delete(key);
      for (const { run } of requests) await run();
      const object = this.#options.writer.current(key);
      const given = object?.status?.allocation?.nodeName === this.#options.nodeName ? this.#desired(object) : undefined;
      const desired = given === undefined ? undefined : this.#withRecords(given);
      await this.#reconcileOrphans(key, desired, signal);
      if (object !== undefined && given !== undefined && desired !== undefined) {
        // Two objects may claim one UUID: they are looked at and acted on one after the other.
        if (this.#uuidLanes.tryEnter(desired.uuid, key)) await this.#pass(key, object, given, signal);
      } else {
        this.#gates.forget(key);
        this.#options.writer.forget(key);
      }
    } finally {
      this.#parentLanes.leave(key);
      this.#uuidLanes.leave(key);
    }
  }

  #desired(object: MdevDevice): Desired {
    const { clusterUID, adoptNamespaces } = this.#options;
    return desiredOf(object, { clusterUID, adoptNamespaces, parentOf: (name) => this.#parentOf(name) });
  }

  #withRecords(desired: Desired): Desired {
    return withRecords(desired, this.#options.records.ofOwner(desired.object.namespace, desired.object.name));
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
      if (!this.#uuidLanes.tryEnter(uuid, key)) continue;
      for (;;) {
        const record = records.get(uuid);
        if (record === undefined || record.object.uid === desired?.object.uid) break;
        if (desired !== undefined && desired.uuid === uuid && canTakeOver(record, desired)) break;
        if (state.bootID === undefined) return;
        const observed = await observeRecord(record, this.#observers, signal);
        const { action } = decideOrphan(record, observed);
        if (action.kind === 'wait') this.#queue.addAfter(key, action.retryAfter);
        if (action.kind === 'none' || action.kind === 'wait') break;
        if (!this.#parentLanes.tryEnter(record.parent, key)) return;
        await this.#act(key, action, undefined, observed, undefined, signal);
      }
    }
  }

  #context(key: string, object: MdevDevice, given: Desired, signal: AbortSignal): PassContext {
    const { clock, writer } = this.#options;
    return {
      key,
      clock,
      writer,
      observers: this.#observers,
      gates: this.#gates,
      desired: () => this.#withRecords({ ...given, parent: this.#parentOf(object.status?.allocation?.parentName ?? '') }),
      look: (desired, observe) => this.#look(desired.uuid, observe),
      mayChange: (parent) => this.#parentLanes.tryEnter(parent, key),
      changed: () => this.#parentLanes.leave(key),
      act: (action, desired, observed) => this.#act(key, action, desired, observed, object, signal),
      later: (delay) => this.#queue.addAfter(key, delay),
      whenEased: (where) => this.#waiting.wait(where === 'conflict' ? conflict : where.parent, key),
    };
  }

  async #act(
    key: string,
    action: Action,
    desired: Desired | undefined,
    observed: Observed,
    object: MdevDevice | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const parent = observed.record?.parent ?? desired?.parent;
    const uuid = observed.record?.uuid ?? desired?.uuid;
    // Only a pass over an object looks again and says what it saw.
    if (object !== undefined && action.kind !== 'removeFinalizer' && uuid !== undefined && parent !== undefined)
      this.#acting.set(uuid, { key, parent, eased: action.kind === 'remove' });
    try {
      await act(key, action, desired, observed, object, this.#options, signal);
    } finally {
      if (object === undefined && uuid !== undefined && parent !== undefined)
        this.#options.state.refresh(parent, [uuid], action.kind === 'remove');
      this.#wakeOthers(key, action, desired, uuid);
    }
  }

  /** A pass looks; if it has changed the device before, what it sees now is news for the state of the parent. */
  async #look(uuid: string, observe: () => Promise<Observed>): Promise<Observed> {
    const { state } = this.#options;
    const change = this.#acting.get(uuid);
    this.#acting.delete(uuid);
    if (change === undefined) return observe();
    const { parent, eased } = change;
    try {
      const observed = await observe();
      state.learn(parent, uuid, observed.device, eased);
      return observed;
    } catch (error) {
      state.refresh(parent, [uuid], eased);
      throw error;
    }
  }

  async #pass(key: string, object: MdevDevice, given: Desired, signal: AbortSignal): Promise<void> {
    try {
      await passObject(object, this.#context(key, object, given, signal), signal);
    } finally {
      // The pass ended, by an error, before it looked again.
      for (const [uuid, change] of this.#acting) {
        if (change.key !== key) continue;
        this.#acting.delete(uuid);
        this.#options.state.refresh(change.parent, [uuid], change.eased);
      }
    }
  }

  /** Whatever came of an action: whom it concerns besides comes again. */
  #wakeOthers(key: string, action: Action, desired: Desired | undefined, uuid: string | undefined): void {
    const { state, devices } = this.#options;
    const others = new Set<string>();
    if (action.kind === 'setGroup' && desired?.parent !== undefined) state.refresh(desired.parent, action.ids);
    if (desired?.group !== undefined && (action.kind === 'setGroup' || action.kind === 'remove'))
      for (const mate of devices.keysByIndex('group', groupKey(desired.object.namespace, desired.group))) others.add(mate);
    if (uuid !== undefined && (action.kind === 'remove' || action.kind === 'forget'))
      for (const claimant of this.#claimants(uuid)) others.add(claimant);
    others.delete(key);
    for (const other of others) this.add(other);
  }

  #claimants(uuid: string): Set<string> {
    const { devices, records } = this.#options;
    const keys = new Set(devices.keysByIndex('uuid', uuid));
    const owner = records.get(uuid)?.object;
    if (owner !== undefined) keys.add(`${owner.namespace}/${owner.name}`);
    return keys;
  }
}
