import { findCondition, toCondition, type Condition, type ConditionClaim } from '../api/condition.ts';
import type { ObjectMeta } from '../api/object-meta.ts';
import { pause } from '../kube/abort.ts';
import { isConflict, isNotFound, isRetryable } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { deviceResource, parentResource, parseKey, type ResourceRef } from '../kube/resource.ts';
import type { KubeTelemetry } from '../kube/telemetry.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Clock } from '../lib/clock.ts';
import { deviceLost, lossStep, parentLost, saysLost, type LostNode } from './node-loss.ts';
import { standingAllocation, type World } from './world.ts';

export interface LossReporterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: KubeTelemetry | undefined;
  readonly world: World;
}

/** How many writes at a time, and how long each keeps its place: at most 200 a second when many nodes go at once. */
const concurrency = 8;
const pace = 40;
/** Of its own, so that saying that a node is lost, and taking that back, touches nothing that the allocator has written. */
const fieldManager = 'mdev-controller-node-loss';

/** An object that says whether its node is lost, by a condition of this type. */
interface Subject {
  readonly resource: ResourceRef;
  readonly metadata: ObjectMeta;
  readonly node: string | undefined;
  readonly type: 'Ready' | 'Present';
  readonly conditions: readonly Condition[] | undefined;
  readonly claim: (node: string, lost: LostNode) => ConditionClaim;
}

/**
 * Says on the devices and parents of a lost node that it is lost. Each is written once for a loss; when the agent is back it
 * takes the conditions over, and the claim on them is given up. Keys are those of MdevDevices (`namespace/name`) and MdevParents.
 */
export class LossReporter {
  readonly #options: LossReporterOptions;
  readonly #queue: WorkQueue;
  /** For which loss an object was last claimed, by its key. */
  readonly #claimed = new Map<string, { readonly uid: string | undefined; readonly loss: number }>();

  constructor(options: LossReporterOptions) {
    this.#options = options;
    const { clock, random, log, telemetry } = options;
    this.#queue = new WorkQueue({
      clock,
      random,
      concurrency,
      maxDelay: 30_000,
      telemetry: telemetry?.queue('losses'),
      onError: (object, err, delay) => {
        if (isConflict(err)) log.debug({ object, delay }, 'the object changed, looking again');
        else if (isRetryable(err)) log.warn({ object, err, delay }, 'cannot say whether a node is lost, trying again');
        else log.error({ object, err, delay }, 'the API server refuses to let it be said whether a node is lost, trying again');
      },
    });
  }

  /** A device or parent came, changed or went. */
  objectChanged(key: string): void {
    const subject = this.#subject(key);
    if (subject === undefined) {
      this.#claimed.delete(key);
      this.#queue.forget(key);
      return;
    }
    const { lostNodes } = this.#options.world;
    if (saysLost(subject.conditions, subject.type)) {
      // Found, or come back from our own write: in either case it is there to be given up.
      if (this.#claim(key, subject) === undefined) this.#claimed.set(key, { uid: subject.metadata.uid, loss: 0 });
    } else if (this.#claimed.has(key) || lostNodes.has(subject.node ?? '')) this.#queue.add(key);
  }

  /** A node is lost, or no longer. */
  nodeChanged(node: string): void {
    const { parents, devices } = this.#options.world;
    // Parents first: what they say keeps new devices away, also after another controller has taken over.
    for (const key of parents.keysByIndex('node', node)) this.#queue.add(key);
    for (const key of devices.keysByIndex('node', node)) this.#queue.add(key);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(async (key, stop) => {
      if (await this.#work(key, stop)) await pause(this.#options.clock, pace, stop);
    }, signal);
  }

  /** Whether something was written. */
  async #work(key: string, signal: AbortSignal): Promise<boolean> {
    const { world, clock, client } = this.#options;
    const subject = this.#subject(key);
    if (subject === undefined) return false;
    const { node = '', metadata, conditions, type } = subject;
    const lost = world.lostNodes.get(node);
    const says = saysLost(conditions, type);
    const step = lossStep({ says, lost: lost?.number, claimed: this.#claim(key, subject) });
    if (step === 'None') return false;
    const claim = lost === undefined ? undefined : subject.claim(node, lost);
    const written = claim && toCondition(claim, findCondition(conditions, type), metadata.generation, clock.now());
    // Refused if anybody has written since: what is newer than what was looked at must not be overwritten.
    const body = {
      metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
      ...(written === undefined ? {} : { status: { conditions: [written] } }),
    };
    try {
      await client.apply(subject.resource, parseKey(key), body, { fieldManager, force: true, subresource: 'status' }, signal);
    } catch (error) {
      // Gone: the watch brings that.
      if (!isNotFound(error)) throw error;
      return true;
    }
    if (lost === undefined) this.#claimed.delete(key);
    else this.#claimed.set(key, { uid: metadata.uid, loss: lost.number });
    return true;
  }

  #claim(key: string, { metadata }: Subject): number | undefined {
    const claimed = this.#claimed.get(key);
    return claimed?.uid === metadata.uid ? claimed?.loss : undefined;
  }

  #subject(key: string): Subject | undefined {
    const { devices, parents } = this.#options.world;
    const device = devices.get(key);
    if (device !== undefined) {
      const { metadata, status } = device;
      const node = standingAllocation(device)?.nodeName;
      return { resource: deviceResource, metadata, node, type: 'Ready', conditions: status?.conditions, claim: deviceLost };
    }
    const parent = parents.get(key);
    if (parent === undefined) return undefined;
    const { metadata, status, spec } = parent;
    return { resource: parentResource, metadata, node: spec.nodeName, type: 'Present', conditions: status?.conditions, claim: parentLost };
  }
}
