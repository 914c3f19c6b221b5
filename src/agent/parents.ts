import { parentLabels } from '../api/group.ts';
import { isSetByAdmin, mdevParentSchema, type MdevParent, type ParentDevice } from '../api/mdev-parent.ts';
import { parentObjectName } from '../api/parent-name.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { parentResource } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import type { KubeTelemetry } from '../kube/telemetry.ts';
import type { DeviceStore } from './device-store.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { AgentMetrics } from './metrics.ts';
import { fieldManager, type NodeIdentity } from './node.ts';
import { absentStatus, isPublishedParent, presentStatus, type Ownership } from './parent-status.ts';
import type { ParentView, ProviderState } from './provider-state.ts';
import type { RecordStore } from './record/record-store.ts';
import { WrittenObjects } from './written-objects.ts';

export interface ParentPublisherOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly telemetry: KubeTelemetry;
  readonly nodeName: string;
  /** Reads the Node object anew: its UID changes when it was deleted and made again. */
  readonly findNode: (signal: AbortSignal) => Promise<NodeIdentity>;
  readonly state: ProviderState;
  readonly records: RecordStore;
  /** The MdevParent objects of this node. */
  readonly parents: Store<MdevParent>;
  /** The MdevDevice objects of this node. */
  readonly devices: DeviceStore;
}

interface Counts {
  owned: number;
  orphaned: number;
  foreign: number;
}

/** At most one write in this time per parent, ms; what is newest then is written. A long list of devices is dear to write, so it waits longer. */
const minInterval = 300;
const intervalPerDevice = 5;

/** A label's value as Kubernetes wants it, made of what a driver calls itself. */
function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

/** The labels that an agent has put on an object. */
function publishedLabels({ metadata }: MdevParent): Record<string, string> {
  const ours: readonly string[] = [parentLabels.nodeName, parentLabels.driver];
  return Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([label]) => ours.includes(label)));
}

/** Whether an object has these labels, and its Node as owner unless an administrator's settings are to outlive that. */
function hasMetadata(object: MdevParent, labels: Readonly<Record<string, string>>): boolean {
  const isOwned = object.metadata.ownerReferences?.some(({ kind }) => kind === 'Node') ?? false;
  return (
    isOwned !== isSetByAdmin(object.spec) && Object.entries(labels).every(([label, value]) => object.metadata.labels?.[label] === value)
  );
}

/**
 * Keeps the MdevParent objects of this node equal to what the provider says. An object is made when its parent is first
 * seen and stays, with condition Present False, when the parent goes. Fields of the administrator are never written; while
 * one is set the object has no owner, so that it outlives its Node object. Nothing is written while nothing changes.
 */
export class ParentPublisher {
  readonly #options: ParentPublisherOptions;
  readonly #queue: WorkQueue;
  readonly #written = new WrittenObjects<MdevParent>((answer) => mdevParentSchema.parse(answer));
  readonly #lastWrite = new Map<string, number>();
  readonly #counts = new Map<string, Counts>();

  constructor(options: ParentPublisherOptions) {
    this.#options = options;
    const { clock, random, log, telemetry } = options;
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency: 4,
      baseDelay: 200,
      maxDelay: 10_000,
      onError: (parent, err, delay) => log.warn({ parent, err, delay }, 'cannot publish a parent, trying again'),
      telemetry: telemetry.queue('parents'),
    });
  }

  /** Something about a parent, or about whom its devices belong to, may have changed. */
  notify(parent: string): void {
    const last = this.#lastWrite.get(parent);
    const devices = this.#options.state.view(parent)?.devices.length ?? 0;
    const interval = minInterval + intervalPerDevice * devices;
    const delay = last === undefined ? 0 : last + interval - this.#options.clock.monotonic();
    this.#queue.addAfter(parent, delay);
  }

  /** Everything may have changed. */
  notifyAll(): void {
    const { state, parents } = this.#options;
    const names = new Set([...state.parentNames(), ...parents.list().map((object) => object.spec.parent)]);
    for (const name of names) this.notify(name);
  }

  /** All objects are listed anew: what was written here stands no more for what the server has. */
  onListing(): void {
    this.#written.forgetAll();
    this.notifyAll();
  }

  /** The watch has brought the MdevParent object of this name. */
  onObject(key: string): void {
    const { parents, state } = this.#options;
    const object = parents.get(key);
    const parent = object?.spec.parent ?? state.parentNames().find((name) => parentObjectName(this.#options.nodeName, name) === key);
    if (parent !== undefined && !this.#written.takeEcho(key, object)) this.notify(parent);
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run((parent, stop) => this.#publish(parent, stop), signal);
  }

  async #publish(name: string, signal: AbortSignal): Promise<void> {
    const { state, parents, clock, nodeName, metrics } = this.#options;
    if (state.bootID === undefined) return;
    const key = parentObjectName(nodeName, name);
    const view = state.view(name);
    metrics.parent(name, view?.parent.types);
    let object = this.#written.latest(key, parents.get(key));
    if (view === undefined) {
      this.#count(name, []);
      if (object === undefined) return;
      const labels = publishedLabels(object);
      if (!hasMetadata(object, labels)) object = await this.#writeObject(key, name, labels, object, signal);
      await this.#writeStatus(key, object, absentStatus(object, clock.now()), signal);
      return;
    }
    const labels = this.#labels(view);
    if (object === undefined || !hasMetadata(object, labels)) object = await this.#writeObject(key, name, labels, object, signal);
    const status = presentStatus(view, state.bootID, this.#ownership(), object, clock.now());
    this.#count(name, status.devices ?? []);
    await this.#writeStatus(key, object, status, signal);
  }

  #ownership(): Ownership {
    const { records, devices, state } = this.#options;
    return {
      recordOf: (device) => {
        const record = records.get(device.id);
        const isOurs = record?.bootID === state.bootID && record?.parent === device.parent && record.typeID === device.typeID;
        return isOurs ? record : undefined;
      },
      hasObject: ({ object }) => devices.get(`${object.namespace}/${object.name}`)?.metadata.uid === object.uid,
    };
  }

  #count(name: string, devices: readonly ParentDevice[]): void {
    const counts = { owned: 0, orphaned: 0, foreign: 0 };
    for (const { owner, orphaned } of devices) counts[owner === undefined ? 'foreign' : orphaned === true ? 'orphaned' : 'owned'] += 1;
    this.#counts.set(name, counts);
    const all = [...this.#counts.values()];
    const sum = (of: keyof Counts): number => all.reduce((total, each) => total + each[of], 0);
    this.#options.metrics.devices({ owned: sum('owned'), orphaned: sum('orphaned'), foreign: sum('foreign') });
  }

  #labels(view: ParentView): Record<string, string> {
    const { nodeName } = this.#options;
    const { driver } = view.parent;
    const value = driver === undefined ? '' : labelValue(driver);
    return { [parentLabels.nodeName]: labelValue(nodeName), ...(value === '' ? {} : { [parentLabels.driver]: value }) };
  }

  async #writeObject(
    key: string,
    parent: string,
    labels: Record<string, string>,
    last: MdevParent | undefined,
    signal: AbortSignal,
  ): Promise<MdevParent> {
    const { client, nodeName, findNode } = this.#options;
    const ownerReferences = [];
    if (last === undefined || !isSetByAdmin(last.spec)) {
      const node = await findNode(signal);
      ownerReferences.push({ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid });
    }
    const body = { metadata: { labels, ownerReferences }, spec: { nodeName, parent } };
    const answer = await client.apply(parentResource, { name: key }, body, { fieldManager, force: true }, signal);
    this.#written.remember(key, answer);
    return mdevParentSchema.parse(answer);
  }

  async #writeStatus(key: string, object: MdevParent, status: MdevParent['status'] & object, signal: AbortSignal): Promise<void> {
    if (isPublishedParent(object, status)) return;
    const { client, clock } = this.#options;
    this.#lastWrite.set(object.spec.parent, clock.monotonic());
    const options = { fieldManager, force: true, subresource: 'status' } as const;
    const answer = await client.apply(parentResource, { name: key }, { status }, options, signal);
    this.#written.remember(key, answer);
  }
}
