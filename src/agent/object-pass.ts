import { findCondition } from '../api/condition.ts';
import type { MdevDevice } from '../api/mdev-device.ts';
import type { Clock } from '../lib/clock.ts';
import { ProviderError } from '../provider/contract.ts';
import { isDeviceFailure } from './actor.ts';
import { decide } from './decide/decide.ts';
import { failureConditions } from './decide/failure.ts';
import type { Action, Decision, Desired, Observed } from './decide/types.ts';
import { unavailableConditions } from './decide/unavailable.ts';
import type { DeviceWriter } from './device-writer.ts';
import type { Gates } from './gates.ts';
import { observeObject, type Observers } from './observe.ts';

/** What a pass over one object needs; the key is the object's. */
export interface PassContext {
  readonly key: string;
  readonly clock: Clock;
  readonly observers: Observers;
  readonly writer: DeviceWriter;
  readonly gates: Gates;
  /** What the object asks for, as the records are now. */
  desired(): Desired;
  /** A look begins, and what it saw. */
  look(desired: Desired, observe: () => Promise<Observed>): Promise<Observed>;
  /** Whether a change may be made on the parent now; if not, the key comes again when it may. */
  mayChange(parent: string): boolean;
  /** No more changes are made in this pass. */
  changed(): void;
  act(action: Action, desired: Desired, observed: Observed): Promise<void>;
  /** Looks at the key again after `delay` ms. */
  later(delay: number): void;
  /** Looks at the key again when something eases: on the parent ('' if it is not known), or about who has the UUID. */
  whenEased(where: { readonly parent: string } | 'conflict'): void;
}

/** A pass that takes more steps than this goes on later: something else keeps changing the device. */
const maxSteps = 100;
/** When the kernel cannot be reached, ms; its return is announced besides. */
const unavailableRetry = 5_000;

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
 * Looks, decides, acts and looks again until the device is as specified, has to wait, or something failed; then writes the
 * status if it changed.
 * @throws what is not the device's fault: errors on the way to the API server, and the signal's reason
 */
export async function passObject(object: MdevDevice, context: PassContext, signal: AbortSignal): Promise<void> {
  let failure: Failure | undefined;
  let justMade = false;
  for (let step = 0; step < maxSteps; step += 1) {
    // Records come and go within a pass, and a record settles which UUID the object has.
    const desired = context.desired();
    let observed: Observed;
    try {
      observed = await context.look(desired, () => look(object, desired, justMade, context, signal));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return publishUnavailable(object, desired, error, context, signal);
    }
    const decision = decide(desired, observed);
    const { action } = decision;
    if (failure !== undefined && !goesBack(action)) return publishFailure(object, desired, failure, context, signal);
    if (action.kind === 'none' || action.kind === 'wait') return settle(object, desired, observed, decision, context, signal);
    const gate = context.gates.closed(context.key, action.kind, desired.object.uid, object.metadata.generation);
    if (gate !== undefined) {
      if (gate.easedByParent) context.whenEased({ parent: desired.parent ?? '' });
      context.later(gate.until - context.clock.monotonic());
      return publish(object, desired, observed, { action, conditions: gate.claims }, context, signal);
    }
    if (action.kind !== 'removeFinalizer' && !context.mayChange(observed.record?.parent ?? desired.parent ?? '')) return;
    try {
      await context.act(action, desired, observed);
      justMade ||= action.kind === 'create';
      if (action.kind === 'removeFinalizer') return;
    } catch (error) {
      if (!isDeviceFailure(error)) throw error;
      if (error instanceof ProviderError && error.step === 'connect') return publishUnavailable(object, desired, error, context, signal);
      // A rollback that fails does not hide why it was needed.
      if (failure !== undefined) return publishFailure(object, desired, failure, context, signal);
      failure = { action, error, observed };
    }
  }
  context.later(unavailableRetry);
}

async function look(object: MdevDevice, desired: Desired, justMade: boolean, context: PassContext, signal: AbortSignal): Promise<Observed> {
  if (context.observers.state.bootID === undefined) throw new ProviderError('EIO', 'connect', 'the state of the node was not read yet');
  return observeObject(object, desired, justMade, context.observers, signal);
}

async function settle(
  object: MdevDevice,
  desired: Desired,
  observed: Observed,
  decision: Decision,
  context: PassContext,
  signal: AbortSignal,
): Promise<void> {
  context.gates.forget(context.key);
  if (decision.action.kind === 'wait') {
    const conflicts = decision.conditions.some(({ reason }) => reason === 'UUIDConflict');
    context.whenEased(conflicts ? 'conflict' : { parent: desired.parent ?? '' });
    context.later(decision.action.retryAfter);
  }
  await publish(object, desired, observed, decision, context, signal);
}

async function publishFailure(
  object: MdevDevice,
  desired: Desired,
  failure: Failure,
  context: PassContext,
  signal: AbortSignal,
): Promise<void> {
  const { action, error, observed } = failure;
  const after = await lookAgain(object, desired, observed, context, signal);
  const claims = failureConditions(action, error, desired, after);
  const reason = claims.find(({ type }) => type === 'Created')?.reason ?? '';
  // A device whose attribute failed was rolled back: what is not to be repeated at once is making it.
  const kind = action.kind === 'writeAttribute' ? 'create' : action.kind;
  const { generation } = object.metadata;
  const gate = context.gates.close(context.key, {
    kind,
    uid: desired.object.uid,
    generation,
    claims,
    easedByParent: easedByParent.has(reason),
  });
  if (gate.easedByParent) context.whenEased({ parent: desired.parent ?? '' });
  context.later(gate.until - context.clock.monotonic());
  await publish(object, desired, after, { action, conditions: claims }, context, signal);
}

/** After a refusal the users may be known, and a rolled back device is gone. */
async function lookAgain(
  object: MdevDevice,
  desired: Desired,
  before: Observed,
  context: PassContext,
  signal: AbortSignal,
): Promise<Observed> {
  try {
    return await observeObject(object, desired, false, context.observers, signal);
  } catch (error) {
    if (error instanceof ProviderError) return before;
    throw error;
  }
}

/** A settled device stays as it is published while the kernel cannot be asked; one that something is to be done to says why not. */
async function publishUnavailable(
  object: MdevDevice,
  desired: Desired,
  error: ProviderError,
  context: PassContext,
  signal: AbortSignal,
): Promise<void> {
  context.later(unavailableRetry);
  const created = findCondition(object.status?.conditions, 'Created');
  const settled = created?.status === 'True' && created.observedGeneration === object.metadata.generation;
  if (settled && !desired.deleting && !desired.withdrawn) return;
  const facts = { uuid: desired.uuid, device: undefined, bootID: undefined, users: undefined, claims: unavailableConditions(error) };
  await context.writer.publish(object, facts, signal);
}

async function publish(
  object: MdevDevice,
  desired: Desired,
  observed: Observed,
  decision: Decision,
  context: PassContext,
  signal: AbortSignal,
): Promise<void> {
  context.changed();
  if (decision.conditions.length === 0) return;
  const { record, device, users, bootID } = observed;
  const ours = record?.object.uid === desired.object.uid && record.bootID === bootID;
  const facts = {
    uuid: desired.uuid,
    bootID,
    claims: decision.conditions,
    device: ours ? device : undefined,
    users: ours ? users : undefined,
  };
  await context.writer.publish(object, facts, signal);
}
