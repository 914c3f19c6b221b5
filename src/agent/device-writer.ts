import { findCondition, type ConditionClaim } from '../api/condition.ts';
import { deviceFinalizer } from '../api/group.ts';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { KubeClient, KubeObject } from '../kube/client.ts';
import type { EventSink } from '../kube/events.ts';
import { deviceResource, keyOf } from '../kube/resource.ts';
import type { Clock } from '../lib/clock.ts';
import type { DeviceStore } from './device-store.ts';
import { memlockMessage } from './memlock.ts';
import { fieldManager } from './node.ts';
import { buildStatus, isPublished, type StatusFacts } from './status.ts';
import { WrittenObjects } from './written-objects.ts';

export interface DeviceWriterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly devices: DeviceStore;
}

/** Reasons of Ready that are no trouble to tell of in an Event. */
const quiet = new Set(['Offline', 'Withdrawn', 'ProviderUnavailable']);

/** Reads and writes the MdevDevice objects of this node: nothing is written that is there already. */
export class DeviceWriter {
  readonly #options: DeviceWriterOptions;
  /** The refused pin that was told of last, by key: the boot and its number. */
  readonly #toldRefusals = new Map<string, string>();
  readonly #written = new WrittenObjects<MdevDevice>((answer) => mdevDeviceSchema.parse(answer));

  constructor(options: DeviceWriterOptions) {
    this.#options = options;
  }

  /** The object as it is after our own last write. */
  current(key: string): MdevDevice | undefined {
    return this.#written.latest(key, this.#options.devices.get(key));
  }

  /** Whether the watch has only brought back what was written here for the spec as it is. */
  takeEcho(key: string): boolean {
    const object = this.#options.devices.get(key);
    if (object === undefined || !this.#written.takeEcho(key, object)) return false;
    const ready = findCondition(object.status?.conditions, 'Ready');
    return object.metadata.deletionTimestamp === undefined && ready?.observedGeneration === object.metadata.generation;
  }

  /** Objects are listed anew: what was written here stands no more for what the server has. Answers the keys that this is about. */
  forgetWritten(): string[] {
    return this.#written.forgetAll();
  }

  forget(key: string): void {
    this.#written.forget(key);
    this.#toldRefusals.delete(key);
  }

  /**
   * Writes the status if it differs from the object's. An object that is gone or is another one by now is left alone.
   * @throws ApiError Conflict when the object has changed since it was looked at
   */
  async publish(object: MdevDevice, facts: StatusFacts, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    this.#tellRefusal(object, facts);
    const status = buildStatus(object, facts, clock.now());
    if (isPublished(object, status)) return;
    this.#tellTrouble(object, facts.claims);
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const options = { fieldManager, force: true, subresource: 'status' } as const;
    // API servers do not compare the UID when a status is written: only by its version is another object of that name told
    // from this one, as an agent finds it that was cut off while its device was given up.
    await this.#write(keyOf(object.metadata), () =>
      client.apply(deviceResource, { namespace, name }, { metadata: { uid, resourceVersion }, status }, options, signal),
    );
  }

  /** Takes our finalizer off the object if it is still the one that was looked at. */
  async removeFinalizer(object: MdevDevice, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, finalizers = [] } = object.metadata;
    const index = finalizers.indexOf(deviceFinalizer);
    if (index < 0) return;
    const path = `/metadata/finalizers/${index}`;
    const patch = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path, value: deviceFinalizer },
      { op: 'remove', path },
    ];
    await this.#write(keyOf(object.metadata), () =>
      this.#options.client.patch(deviceResource, { namespace, name }, 'json', patch, { fieldManager }, signal),
    );
  }

  /** Tells of a device that was there and is not. */
  tellLost(object: MdevDevice, message: string): void {
    this.#options.events.record(object, { type: 'Warning', reason: 'DeviceLost', message });
  }

  /** An Event for a pin that a limit has refused: once each, and once more when the agent was started anew. */
  #tellRefusal(object: MdevDevice, { users, bootID }: StatusFacts): void {
    const refused = users?.refused;
    if (refused === undefined) return;
    const key = keyOf(object.metadata);
    const refusal = `${bootID ?? ''}/${refused.number}`;
    if (this.#toldRefusals.get(key) === refusal) return;
    this.#toldRefusals.set(key, refusal);
    this.#options.events.record(object, { type: 'Warning', reason: 'MemlockExceeded', message: memlockMessage(refused) });
  }

  async #write(key: string, request: () => Promise<KubeObject>): Promise<void> {
    try {
      this.#written.remember(key, await request());
    } catch (error) {
      this.#written.forget(key);
      // Gone: the watch brings that, and the key comes again.
      if (!isNotFound(error)) throw error;
    }
  }

  /** An Event when the device gets into trouble, or from one into another. */
  #tellTrouble(object: MdevDevice, claims: readonly ConditionClaim[]): void {
    const ready = claims.find(({ type }) => type === 'Ready');
    const created = claims.find(({ type }) => type === 'Created');
    const claim = ready?.reason === 'Deleting' ? created : ready;
    if (ready?.status !== 'False' || claim === undefined || quiet.has(claim.reason)) return;
    const before = findCondition(object.status?.conditions, claim.type);
    if (before?.status === claim.status && before.reason === claim.reason) return;
    this.#options.events.record(object, { type: 'Warning', reason: claim.reason, message: claim.message });
  }
}
