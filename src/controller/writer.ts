import { isDeepStrictEqual } from 'node:util';
import { deviceFinalizer } from '../api/group.ts';
import { mdevDeviceSchema, type Allocation, type MdevDevice } from '../api/mdev-device.ts';
import type { Clock } from '../lib/clock.ts';
import { isConflict, isNotFound, isRetryable } from '../kube/api-error.ts';
import type { KubeClient, KubeObject } from '../kube/client.ts';
import type { EventSink } from '../kube/events.ts';
import type { Log } from '../kube/log.ts';
import { deviceResource, keyOf, nodeResource } from '../kube/resource.ts';
import type { KubeTelemetry } from '../kube/telemetry.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Action } from './decide.ts';
import { allocatedStatus, refusedStatus, withdrawnStatus, type StatusPatch } from './status.ts';
import { isAbandoned, type World } from './world.ts';

export interface WriterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: KubeTelemetry | undefined;
  readonly world: World;
  readonly events: EventSink;
  /** The object is gone or was made anew, so its action came to nothing. */
  readonly onDropped: (key: string, uid: string) => void;
}

/** How many objects are written to at a time. */
const concurrency = 16;
/** How often a write is tried at once when others are faster; then the queue's delay comes first. */
const attempts = 8;
const fieldManager = 'mdev-controller';

interface Order {
  readonly uid: string;
  readonly action: Action;
  /** Where the object was when this was decided. */
  readonly from: Allocation | undefined;
}

/**
 * Carries out decisions, many objects at a time, each object's in order; the latest decision for an object is the one that
 * counts. A write without an answer is tried again as it is: all are idempotent.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #orders = new Map<string, Order>();
  readonly #queue: WorkQueue;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      clock: options.clock,
      random: options.random,
      concurrency,
      maxDelay: 30_000,
      telemetry: options.telemetry?.queue('decisions'),
      onError: (key, error, delay) => {
        const fields = { device: key, err: error, delay };
        if (isConflict(error)) options.log.debug(fields, 'the object changed, trying again');
        else if (isRetryable(error)) options.log.warn(fields, 'cannot write a decision, trying again');
        else options.log.error(fields, 'a decision was refused, trying again');
      },
    });
  }

  get idle(): boolean {
    return this.#queue.idle;
  }

  /** Has `action` carried out on the object. */
  submit(device: MdevDevice, action: Action): void {
    const key = keyOf(device.metadata);
    this.#orders.set(key, { uid: device.metadata.uid ?? '', action, from: device.status?.allocation });
    this.#queue.add(key);
  }

  /** Forgets what is to be done to an object that is gone. */
  forget(key: string): void {
    this.#orders.delete(key);
    this.#queue.forget(key);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run((key, stop) => this.#work(key, stop), signal);
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const order = this.#orders.get(key);
    if (order === undefined) return;
    let device = this.#options.world.devices.get(key);
    for (let attempt = 1; ; attempt += 1) {
      if (device?.metadata.uid !== order.uid || overtaken(device, order)) {
        this.#options.onDropped(key, order.uid);
        break;
      }
      try {
        await this.#perform(device, order.action, signal);
        break;
      } catch (error) {
        if (isNotFound(error)) device = undefined;
        else if (isConflict(error) && attempt < attempts) device = await this.#read(device, signal);
        else throw error;
      }
    }
    if (this.#orders.get(key) === order) this.#orders.delete(key);
  }

  /** The object as it is now: where somebody writes to it all the time, what the watch has brought is always too old. */
  async #read(device: MdevDevice, signal: AbortSignal): Promise<MdevDevice | undefined> {
    const object = await this.#options.client.get(deviceResource, keyed(device), signal);
    return object === undefined ? undefined : mdevDeviceSchema.parse(object);
  }

  async #perform(device: MdevDevice, action: Action, signal: AbortSignal): Promise<void> {
    const { clock, events } = this.#options;
    switch (action.type) {
      case 'None':
      case 'Stay':
        return;
      case 'Allocate':
        await this.#apply(await this.#addFinalizer(device, signal), allocatedStatus(device, action.allocation, clock.now()), signal);
        return;
      case 'Refuse':
        await this.#apply(device, refusedStatus(device, action.why, clock.now()), signal);
        events.record(device, { type: 'Warning', ...action.why });
        return;
      case 'Withdraw':
        await this.#apply(device, withdrawnStatus(device, action.allocation, action.message, clock.now()), signal);
        events.record(device, { type: 'Warning', reason: 'Withdrawn', message: action.message });
        return;
      case 'AddFinalizer':
        await this.#addFinalizer(device, signal);
        return;
      case 'RemoveFinalizer':
        if (action.abandoned !== undefined && !(await this.#mayAbandon(device, action.abandoned, signal))) return;
        await this.#setFinalizers(
          device,
          (device.metadata.finalizers ?? []).filter((name) => name !== deviceFinalizer),
          signal,
        );
    }
  }

  /** Looked at once more: by a watch that is late, a Node that was just made looks as if it were gone. */
  async #mayAbandon(device: MdevDevice, node: string, signal: AbortSignal): Promise<boolean> {
    const { world, client, log } = this.#options;
    const seen = world.nodes.has(node);
    const there = seen || (await client.get(nodeResource, { name: node }, signal)) !== undefined;
    // The agent may have come back in the meantime; then it is its business again.
    if (seen !== there || !isAbandoned(node, world)) return false;
    log.info({ device: keyOf(device.metadata), uuid: device.status?.uuid, node }, 'the device is given up with its node');
    return true;
  }

  /** Answers the object as it is then. */
  async #addFinalizer(device: MdevDevice, signal: AbortSignal): Promise<Versioned> {
    const finalizers = device.metadata.finalizers ?? [];
    return finalizers.includes(deviceFinalizer) ? device : this.#setFinalizers(device, [...finalizers, deviceFinalizer], signal);
  }

  /** Refused with Conflict when the object has changed: then somebody else's finalizers might be lost. */
  async #setFinalizers(device: MdevDevice, finalizers: readonly string[], signal: AbortSignal): Promise<Versioned> {
    const metadata = { resourceVersion: device.metadata.resourceVersion, uid: device.metadata.uid, finalizers };
    return this.#options.client.patch(deviceResource, keyed(device), 'merge', { metadata }, { fieldManager }, signal);
  }

  /** Refused with Conflict when the object has changed: another controller may have put it elsewhere. */
  async #apply(device: Versioned, body: StatusPatch, signal: AbortSignal): Promise<void> {
    const { resourceVersion } = device.metadata;
    const versioned = { ...body, metadata: { ...body.metadata, resourceVersion } };
    const options = { fieldManager, force: true, subresource: 'status' } as const;
    await this.#options.client.apply(deviceResource, keyed(device), versioned, options, signal);
  }
}

type Versioned = Pick<KubeObject, 'metadata'>;

function keyed(device: Versioned): { namespace: string | undefined; name: string } {
  return { namespace: device.metadata.namespace, name: device.metadata.name };
}

/**
 * An object that is being deleted gets no place any more, and one that somebody else has put somewhere since keeps that: only our own
 * write may be what is found, its answer lost.
 */
function overtaken({ metadata, status }: MdevDevice, { action, from }: Order): boolean {
  if (metadata.deletionTimestamp !== undefined && action.type !== 'RemoveFinalizer') return true;
  const to = 'allocation' in action ? action.allocation : from;
  return !isDeepStrictEqual(status?.allocation, from) && !isDeepStrictEqual(status?.allocation, to);
}
