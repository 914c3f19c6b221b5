import { v4 } from 'uuid';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import type { MdevClass } from '../api/mdev-class.ts';
import type { MdevDeviceSet } from '../api/mdev-device-set.ts';
import { decide, type Action, type Situation } from '../controller/decide.ts';
import { Ledger } from '../controller/ledger.ts';
import { Expectations } from '../controller/sets/expectations.ts';
import { planSet, type SetAction } from '../controller/sets/plan.ts';
import { lookAt } from '../controller/sets/situation.ts';
import { deviceFromTemplate, FixedTexts } from '../controller/sets/template.ts';
import { Avoidance } from '../controller/withdrawal.ts';
import { createWorld, standingAllocation, type NamespaceObject } from '../controller/world.ts';
import type { MdevBus } from '../emulator/mdev/bus.ts';
import { keyOf } from '../kube/resource.ts';
import type { Clock } from '../lib/clock.ts';
import { errnoOf } from '../lib/errno.ts';
import type { SurveyedObjects } from './survey.ts';

/** What applying would do to one object. */
export interface PlanEntry {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** `Delete`: by its set. */
  readonly change: 'Create' | 'Configure' | 'Unchanged' | 'Delete' | 'None';
  /**
   * Of a device: `Made`, it would be made at `place`; `Kept`, it stays there; `Moved`, it leaves it for another; `Waits`, with the controller's
   * reason; `Fails`, the kernel would refuse it. Of all kinds: `Applied`; `Refused` by the API server; `Skipped`, not of this project.
   */
  readonly outcome: 'Made' | 'Kept' | 'Moved' | 'Waits' | 'Fails' | 'Applied' | 'Refused' | 'Skipped' | 'Removed';
  readonly place?: { readonly nodeName: string; readonly parentName: string; readonly typeID: string };
  /** A reason of condition Allocated, or an errno. */
  readonly reason?: string;
  readonly message?: string;
  /** The set that makes it. */
  readonly set?: string;
}

export interface Plan {
  readonly entries: readonly PlanEntry[];
  /** Whether all would be there, and nothing wait or be refused. */
  readonly complete: boolean;
}

/** The objects of a cluster as they would be once the API server had taken what is to be applied. */
export interface PlannedObjects extends SurveyedObjects {
  readonly classes: readonly MdevClass[];
  readonly namespaces: readonly NamespaceObject[];
  /** The UID of namespace kube-system, from which the UUIDs of devices are made. */
  readonly clusterUID: string;
}

/** What is to be applied, as the API server answered it. */
export interface Asked {
  readonly devices: readonly { readonly device: MdevDevice; readonly change: PlanEntry['change'] }[];
  readonly sets: readonly { readonly set: MdevDeviceSet; readonly change: PlanEntry['change'] }[];
}

/** Entries that need no deciding: classes, what was refused, what is no business of ours. */
export type Settled = readonly PlanEntry[];

/** What the plan is made with: the kernel has the parents of `objects` (`loadKernel`). */
export interface PlanTools {
  readonly kernel: MdevBus;
  readonly clock: Clock;
}

/**
 * What the controller would decide about `asked`, in a cluster of `objects`, which include them; each device that gets a place is tried in the
 * emulated kernel. Devices are taken as the controller takes them, the oldest first, those of one second in the order of `asked`.
 */
export async function planOf(objects: PlannedObjects, asked: Asked, settled: Settled, { kernel, clock }: PlanTools): Promise<Plan> {
  const world = createWorld(objects.clusterUID);
  world.nodes.replace(objects.nodes);
  world.parents.replace(objects.parents);
  world.classes.replace(objects.classes);
  world.namespaces.replace(objects.namespaces);
  world.devices.replace(objects.devices);
  const situation: Situation = { world, ledger: new Ledger(world), avoidance: new Avoidance(clock), mayAdopt: () => true };
  const entries: PlanEntry[] = [...settled];
  const toDecide = asked.devices.map((each) => ({ ...each, set: undefined as string | undefined }));
  for (const { set, change } of asked.sets) {
    entries.push({ ...identity(set), change, outcome: 'Applied' });
    const { actions } = planSet(lookAt(set, { world, expectations: new Expectations(clock), texts: new FixedTexts() }));
    for (const action of actions) {
      const made = carryOutForSet(set, action, objects, clock);
      if (made.device === undefined) {
        entries.push(made.entry);
        continue;
      }
      world.devices.upsert(made.device);
      toDecide.push({ device: made.device, change: made.entry.change, set: set.metadata.name });
    }
  }
  const decided = new Map<string, Action>();
  for (const { device } of toDecide.toSorted((a, b) => bySecond(a.device, b.device))) {
    if (decided.has(keyOf(device.metadata))) continue;
    for (const [key, action] of decide(device, situation)) {
      if (action.type === 'Allocate') {
        const member = world.devices.get(key);
        if (member !== undefined) situation.ledger.assume(member, action.allocation.parentName, action.allocation.typeID);
      }
      decided.set(key, action);
    }
  }
  for (const { device, change, set } of toDecide) {
    const action = decided.get(keyOf(device.metadata)) ?? { type: 'None' };
    const outcome = await outcomeOf(device, action, world.uuidOf(device), kernel);
    entries.push({ ...identity(device), change, ...outcome, ...(set !== undefined && { set }) });
  }
  return { entries, complete: entries.every(({ outcome }) => !incomplete.has(outcome)) };
}

const incomplete: ReadonlySet<PlanEntry['outcome']> = new Set(['Waits', 'Fails', 'Refused']);

/** Of devices made in one second the controller takes the smaller UID first, which nobody knows yet: the order of the file stands. */
function bySecond(a: MdevDevice, b: MdevDevice): number {
  return (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
}

function identity({ kind, metadata }: { kind: string; metadata: MdevDevice['metadata'] }): Pick<PlanEntry, 'kind' | 'namespace' | 'name'> {
  return { kind, ...(metadata.namespace !== undefined && { namespace: metadata.namespace }), name: metadata.name };
}

/** What a set would do: the device that it would make or change, or an entry that says the rest. */
function carryOutForSet(
  set: MdevDeviceSet,
  action: SetAction,
  { devices }: PlannedObjects,
  clock: Clock,
): { readonly entry: PlanEntry; readonly device?: MdevDevice } {
  const namespace = set.metadata.namespace ?? '';
  const { name } = action;
  const base = { kind: 'MdevDevice', namespace, name, set: set.metadata.name };
  if (action.type === 'Create') {
    const made = mdevDeviceSchema.parse(deviceFromTemplate(set, name, action.pool));
    const metadata = { ...made.metadata, uid: v4(), creationTimestamp: new Date(clock.now()).toISOString() };
    return { entry: { ...base, change: 'Create', outcome: 'Made' }, device: { ...made, metadata } };
  }
  if (action.type === 'Delete') {
    const message = action.why === 'Outdated' ? 'It is of an earlier template, and is made anew when it is gone' : undefined;
    return {
      entry: { ...base, change: 'Delete', outcome: 'Removed', reason: action.why, ...(message !== undefined && { message }) },
    };
  }
  const device = devices.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  return { entry: { ...base, change: 'Configure', outcome: 'Kept' }, ...(device !== undefined && { device }) };
}

async function outcomeOf(
  device: MdevDevice,
  action: Action,
  uuid: string,
  kernel: MdevBus,
): Promise<Pick<PlanEntry, 'outcome' | 'place' | 'reason' | 'message'>> {
  switch (action.type) {
    case 'Allocate':
      return makeIn(kernel, device, action.allocation, uuid);
    case 'Refuse':
      return { outcome: 'Waits', reason: action.why.reason, message: action.why.message };
    case 'Withdraw':
      return { outcome: 'Moved', place: placeOf(action.target), message: action.message };
    case 'Stay':
      return { outcome: 'Waits', reason: 'NoCapacity', message: 'It cannot be created where it was put, and no other parent takes it.' };
    case 'None':
    case 'AddFinalizer':
    case 'RemoveFinalizer':
      break;
  }
  const place = standingAllocation(device);
  return place === undefined ? { outcome: 'Removed' } : { outcome: 'Kept', place: placeOf(place) };
}

function placeOf({ nodeName, parentName, typeID }: NonNullable<PlanEntry['place']>): NonNullable<PlanEntry['place']> {
  return { nodeName, parentName, typeID };
}

/** Tries what the agent would do there. One that exists is adopted, or was made for an object of this name before. */
async function makeIn(
  kernel: MdevBus,
  { spec }: MdevDevice,
  allocation: NonNullable<PlanEntry['place']>,
  uuid: string,
): Promise<Pick<PlanEntry, 'outcome' | 'place' | 'reason' | 'message'>> {
  const place = placeOf(allocation);
  const there = kernel.device(uuid);
  if (there?.parent === place.parentName && there.typeID === place.typeID) return { outcome: 'Kept', place };
  try {
    await kernel.create(place.parentName, place.typeID, uuid, spec.params);
    return { outcome: 'Made', place };
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return { outcome: 'Fails', place, reason: code, message: (error as Error).message };
  }
}
