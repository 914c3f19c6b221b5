import { findCondition } from '../../api/condition.ts';
import { mdevDeviceSetSchema, type MdevDeviceSet } from '../../api/mdev-device-set.ts';
import { controllerOf } from '../../api/object-meta.ts';
import { isAlreadyExists, isConflict, isNotFound, isRetryable } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { EventSink } from '../../kube/events.ts';
import type { Log } from '../../kube/log.ts';
import { Reflector } from '../../kube/reflector.ts';
import { deviceResource, deviceSetResource, keyOf, type ObjectKey } from '../../kube/resource.ts';
import { runAll } from '../../kube/run-all.ts';
import { Store } from '../../kube/store.ts';
import type { KubeTelemetry } from '../../kube/telemetry.ts';
import { WorkQueue } from '../../kube/work-queue.ts';
import type { Clock } from '../../lib/clock.ts';
import { setKeyOf, type World } from '../world.ts';
import { inGrowingBatches } from './batches.ts';
import { Expectations } from './expectations.ts';
import { planSet, type SetAction } from './plan.ts';
import { lookAt, nodeSketch, parentSketch, type SetSources } from './situation.ts';
import { saysStatus, statusOf } from './status.ts';
import { deviceFromTemplate, FixedTexts, ownerReference } from './template.ts';

export interface SetControllerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: KubeTelemetry | undefined;
  /** Devices, parents and nodes; filled by others, who tell of changes. */
  readonly world: World;
  readonly events: EventSink;
}

const fieldManager = 'mdev-set-controller';
/** Changes of devices are looked at together: a set of thousands would else be counted for each of them, ms. */
const settle = 100;

/**
 * Makes MdevDevices for MdevDeviceSets. One worker looks at one set at a time, reads everything anew, and does what `planSet` says;
 * changes only put sets into the queue.
 */
export class SetController {
  readonly #options: SetControllerOptions;
  readonly #sets = new Store<MdevDeviceSet>({});
  readonly #sources: SetSources;
  readonly #queue: WorkQueue;
  /** The set of each device, by the device's key: to be told when it is gone. */
  readonly #setOf = new Map<string, string>();
  /** The set that waits for the name of an object that is not of it, by the object's key. */
  readonly #waiting = new Map<string, string>();
  readonly #nodes = new Map<string, string>();
  readonly #parents = new Map<string, string>();

  constructor(options: SetControllerOptions) {
    const { clock, random, log, world, telemetry } = options;
    this.#options = options;
    this.#sources = { world, expectations: new Expectations(clock), texts: new FixedTexts() };
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency: 4,
      maxDelay: 30_000,
      telemetry: telemetry?.queue('sets'),
      onError: (key, error, delay) => {
        const fields = { set: key, err: error, delay };
        if (isConflict(error)) log.debug(fields, 'an object changed, looking at the set again');
        else if (isRetryable(error)) log.warn(fields, 'cannot write for a set, trying again');
        else log.error(fields, 'a write for a set was refused, trying again');
      },
    });
  }

  /** A device's object came, changed or went. */
  deviceChanged(key: string): void {
    const device = this.#options.world.devices.get(key);
    this.#sources.expectations.seen(key, device);
    const set = device === undefined ? undefined : setKeyOf(device);
    for (const affected of new Set([this.#setOf.get(key), set, this.#waiting.get(key)])) {
      if (affected !== undefined) this.#queue.addAfter(affected, settle);
    }
    this.#waiting.delete(key); // the set says so again if it still waits
    if (set === undefined) this.#setOf.delete(key);
    else this.#setOf.set(key, set);
  }

  /** A node came, changed or went. */
  nodeChanged(name: string): void {
    if (changed(this.#nodes, name, nodeSketch(this.#options.world.nodes.get(name)))) this.#addAll(() => true);
  }

  /** A parent came, changed or went. */
  parentChanged(name: string): void {
    const sketch = parentSketch(this.#options.world.parents.get(name));
    if (changed(this.#parents, name, sketch)) this.#addAll(({ spec }) => spec.perNode !== undefined);
  }

  /** Works until `signal` is aborted. Start it when devices, parents and nodes are all known. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, random, log, telemetry } = this.#options;
    const reflector = new Reflector<MdevDeviceSet>({
      client,
      resource: deviceSetResource,
      store: this.#sets,
      parse: (object) => mdevDeviceSetSchema.parse(object),
      onChange: (key) => this.#queue.add(key),
      clock,
      random,
      log,
      telemetry,
    });
    await runAll([(stop) => reflector.run(stop), (stop) => this.#queue.run((key, stopping) => this.#sync(key, stopping), stop)], signal);
  }

  #addAll(which: (set: MdevDeviceSet) => boolean): void {
    for (const set of this.#sets.list()) if (which(set)) this.#queue.addAfter(keyOf(set.metadata), settle);
  }

  async #sync(key: string, signal: AbortSignal): Promise<void> {
    const set = this.#sets.get(key);
    // The garbage collector removes the devices of one that goes, or lets them be.
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const situation = lookAt(set, this.#sources);
    const plan = planSet(situation);
    for (const name of [...plan.taken, ...plan.awaited]) this.#waiting.set(keyOf({ namespace: set.metadata.namespace, name }), key);
    let failed: Error | undefined;
    try {
      const [making, rest] = [plan.actions.filter(isMaking), plan.actions.filter((action) => !isMaking(action))];
      await inGrowingBatches(rest, (action) => this.#perform(set, action, signal));
      await inGrowingBatches(making, (action) => this.#perform(set, action, signal));
    } catch (error) {
      signal.throwIfAborted();
      failed = error instanceof Error ? error : new Error('a write for a set failed', { cause: error });
    }
    const object = (name: string): ReturnType<World['devices']['get']> =>
      this.#options.world.devices.get(keyOf({ namespace: set.metadata.namespace, name }));
    const failure = failed === undefined || isConflict(failed) || isRetryable(failed) ? undefined : failed.message;
    const status = statusOf(set, { situation, plan, object, failure }, this.#options.clock.now());
    await this.#publish(set, status, signal);
    if (failed !== undefined) throw failed;
  }

  async #perform(set: MdevDeviceSet, action: SetAction, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const device: ObjectKey = { namespace: set.metadata.namespace, name: action.name };
    const key = keyOf(device);
    const setKey = keyOf(set.metadata);
    switch (action.type) {
      case 'Create':
        await this.#create(set, device, action.pool, signal);
        return;
      case 'Delete':
        await client.delete(deviceResource, device, { uid: action.uid }, signal);
        this.#sources.expectations.deleted(setKey, key, action.uid);
        return;
      case 'Adopt': {
        const metadata = { uid: action.uid, resourceVersion: this.#options.world.devices.get(key)?.metadata.resourceVersion };
        const body = { metadata: { ...metadata, ownerReferences: [ownerReference(set)] } };
        await client.patch(deviceResource, device, 'merge', body, { fieldManager }, signal);
        return;
      }
      case 'Change': {
        const { metadata } = action.change as { metadata?: object };
        const body = { ...action.change, metadata: { ...metadata, uid: action.uid } };
        await client.patch(deviceResource, device, 'merge', body, { fieldManager }, signal);
      }
    }
  }

  async #create(set: MdevDeviceSet, device: ObjectKey, node: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const { namespace = '' } = set.metadata;
    const expect = (uid: string | undefined): void => this.#sources.expectations.created(keyOf(set.metadata), keyOf(device), uid ?? '');
    try {
      const made = await client.create(deviceResource, deviceFromTemplate(set, device.name, node), { namespace, fieldManager }, signal);
      expect(made.metadata.uid);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      // Made before the store knew of it: by this set in an earlier term, or by somebody else, as the store will show.
      const present = await client.get(deviceResource, device, signal);
      if (present !== undefined && controllerOf(present.metadata)?.uid === set.metadata.uid) expect(present.metadata.uid);
      else this.#queue.addAfter(keyOf(set.metadata), 1000);
    }
  }

  async #publish(set: MdevDeviceSet, status: ReturnType<typeof statusOf>, signal: AbortSignal): Promise<void> {
    if (saysStatus(set, status)) return;
    const { client, events } = this.#options;
    const { namespace, name, uid } = set.metadata;
    const body = { metadata: { uid }, status };
    try {
      await client.apply(deviceSetResource, { namespace, name }, body, { fieldManager, force: true, subresource: 'status' }, signal);
    } catch (error) {
      // It is gone, or was made anew.
      if (isNotFound(error) || isConflict(error)) return;
      throw error;
    }
    const progressing = findCondition(status.conditions, 'Progressing');
    const trouble = progressing?.reason === 'NameTaken' || progressing?.reason === 'CreateFailed';
    const before = findCondition(set.status?.conditions, 'Progressing');
    if (trouble && before?.message !== progressing.message) {
      events.record(set, { type: 'Warning', reason: progressing.reason, message: progressing.message });
    }
  }
}

function isMaking({ type }: SetAction): boolean {
  return type === 'Create' || type === 'Adopt';
}

/** Notes `sketch` under `name`; false if it was noted already. */
function changed(sketches: Map<string, string>, name: string, sketch: string): boolean {
  if (sketches.get(name) === sketch) return false;
  sketches.set(name, sketch);
  return true;
}
