import { deviceFinalizer } from '../api/group.ts';
import type { Allocation, MdevDevice } from '../api/mdev-device.ts';
import { keyOf } from '../kube/resource.ts';
import { classOf, refuseByItsClass } from './class-binding.ts';
import { conflictWinner } from './conflict.ts';
import type { Candidate, PlacementRequest } from './eligibility.ts';
import { isNodeLost, refusePlace } from './eligibility.ts';
import type { Ledger } from './ledger.ts';
import { choose, explain, type Placement } from './placement.ts';
import { findAdoptable, findFormer } from './reclaim.ts';
import type { WhyNot } from './why-not.ts';
import { stuck, type Avoidance } from './withdrawal.ts';
import { byAge, groupKey, isAbandoned, standingAllocation, typeKey, type World } from './world.ts';

/** What to do with one object. */
export type Action =
  /** Nothing now: it has its place, waits for its agent, or is none of our business. */
  | { readonly type: 'None' }
  | { readonly type: 'Allocate'; readonly allocation: Allocation }
  | { readonly type: 'Refuse'; readonly why: WhyNot }
  /** `target` is where it can go once its agent has confirmed that nothing is left. */
  | { readonly type: 'Withdraw'; readonly allocation: Allocation; readonly target: Allocation; readonly message: string }
  /** It cannot be created where it is, and cannot go anywhere else. */
  | { readonly type: 'Stay' }
  | { readonly type: 'AddFinalizer' }
  /** `abandoned`: the node from which nobody will come back to do it. */
  | { readonly type: 'RemoveFinalizer'; readonly abandoned?: string };

/** What a decision is made from. Nothing in it is changed by deciding. */
export interface Situation {
  readonly world: World;
  readonly ledger: Ledger;
  readonly avoidance: Avoidance;
  /** Whether objects of this namespace may adopt. */
  readonly mayAdopt: (namespace: string) => boolean;
}

/** One action for the object, or, for a group, one for each of its waiting members. */
export type Decision = ReadonlyMap<string, Action>;

type Requests = readonly [PlacementRequest, ...PlacementRequest[]];

function one(device: MdevDevice, action: Action): Decision {
  return new Map([[keyOf(device.metadata), action]]);
}

function hasFinalizer(device: MdevDevice): boolean {
  return device.metadata.finalizers?.includes(deviceFinalizer) === true;
}

/** The place, with the class that allows it. */
function allocationOf({ nodeName, parentName }: Omit<Placement, 'typeIDs'>, typeID: string, { boundTo }: PlacementRequest): Allocation {
  return { nodeName, parentName, typeID, ...(boundTo === undefined ? {} : { className: boundTo.metadata.name }) };
}

function allocateTo({ spec, metadata }: Candidate['parent'], typeID: string, request: PlacementRequest): Action {
  return { type: 'Allocate', allocation: allocationOf({ nodeName: spec.nodeName, parentName: metadata.name }, typeID, request) };
}

/** What `device` asks of a parent, and which it shall not be tried on now. */
export function requestOf(device: MdevDevice, { world, avoidance }: Situation): PlacementRequest {
  return { spec: device.spec, boundTo: classOf(device, world), avoid: avoidance.avoided(device.metadata.uid ?? '') };
}

function decideDeleting(device: MdevDevice, world: World): Action {
  if (!hasFinalizer(device)) return { type: 'None' };
  const node = standingAllocation(device)?.nodeName;
  if (node === undefined) return { type: 'RemoveFinalizer' };
  return isAbandoned(node, world) ? { type: 'RemoveFinalizer', abandoned: node } : { type: 'None' };
}

/** An object that has its place: is that still good? */
function decidePlaced(device: MdevDevice, allocation: Allocation, situation: Situation): Action {
  const { world, ledger } = situation;
  if (allocation.withdrawn === true) return { type: 'None' };
  if (!hasFinalizer(device)) return { type: 'AddFinalizer' };
  // Only its agent can say that nothing of it is left.
  if (world.lostNodes.has(allocation.nodeName)) return { type: 'None' };
  const parent = world.parents.get(allocation.parentName);
  const created = stuck(device, parent, parent !== undefined && ledger.isThere(device, parent));
  if (created === undefined) return { type: 'None' };
  if (device.spec.group !== undefined && groupPlaces(device, situation).size > 0) return { type: 'Stay' };
  // It would leave for nowhere: another place needs the class that binds it now.
  if (refuseByItsClass(device, world) !== undefined) return { type: 'Stay' };
  const request = requestOf(device, situation);
  const elsewhere = { ...request, avoid: new Set([...(request.avoid ?? []), allocation.parentName]) };
  const placement = ledger.best(elsewhere, typeKey(device));
  if (placement === undefined) return { type: 'Stay' };
  return {
    type: 'Withdraw',
    allocation: { ...allocation, withdrawn: true },
    target: allocationOf(placement, placement.typeIDs[0] ?? '', request),
    message: `It could not be created on ${allocation.parentName} (${created.message.replace(/[.\s]+$/, '')}). Another parent has room.`,
  };
}

/** The parents that other members of the device's group are on or go to. */
function groupPlaces(device: MdevDevice, { world, ledger }: Situation): Set<string> {
  const members = world.devices.byIndex('group', groupKey(device) ?? '');
  return new Set(
    members.flatMap((member) => {
      if (member.metadata.uid === device.metadata.uid || member.metadata.deletionTimestamp !== undefined) return [];
      return ledger.assumption(member.metadata.uid)?.parentName ?? standingAllocation(member)?.parentName ?? [];
    }),
  );
}

function decideAdopting(device: MdevDevice, situation: Situation): Action {
  const { world, ledger, mayAdopt } = situation;
  const namespace = device.metadata.namespace ?? '';
  if (!mayAdopt(namespace)) {
    const message = `Namespace ${namespace} is not among those the controller was started to allow adoption in.`;
    return { type: 'Refuse', why: { reason: 'AdoptNotAllowed', message } };
  }
  const uuid = world.uuidOf(device);
  const holding = world.parents.keysByIndex('foreign', uuid).flatMap((name) => ledger.candidate(name) ?? []);
  const request = requestOf(device, situation);
  const found = findAdoptable(request, uuid, holding);
  if ('reason' in found) return { type: 'Refuse', why: found };
  const { name } = found.parent.metadata;
  if (holding.some((candidate) => candidate.parent === found.parent && isNodeLost(candidate))) {
    const message = `Device ${uuid} is on ${name}, and the agent of that node is not heard. It is adopted when it is.`;
    return { type: 'Refuse', why: { reason: 'NodeLost', message } };
  }
  return allocateTo(found.parent, found.device.typeID, request);
}

/** The place where a device made for this object, or for one of its name before it, still is. */
function decideFormer(device: MdevDevice, situation: Situation): Action | undefined {
  const { world, ledger } = situation;
  const former = findFormer(device, world);
  const candidate = former && ledger.candidate(former.parent.metadata.name);
  if (former === undefined || candidate === undefined || isNodeLost(candidate)) return undefined;
  const request = requestOf(device, situation);
  if (refusePlace(request, candidate) !== undefined) return undefined;
  return allocateTo(former.parent, former.device.typeID, request);
}

function isSingle(device: MdevDevice, situation: Situation): boolean {
  const { world } = situation;
  const conflicts = conflictWinner(device, world.devices.byIndex('uuid', world.uuidOf(device))) !== undefined;
  return conflicts || refuseByItsClass(device, world) !== undefined || device.spec.adopt || decideFormer(device, situation) !== undefined;
}

/** Members of the device's group that wait for a place as it does, itself included, the oldest first. */
function waitingMembers(device: MdevDevice, situation: Situation): MdevDevice[] {
  const { world, ledger } = situation;
  const members = world.devices.byIndex('group', groupKey(device) ?? '').filter((member) => {
    if (member.metadata.uid === device.metadata.uid) return true;
    if (member.metadata.deletionTimestamp !== undefined || standingAllocation(member) !== undefined) return false;
    return ledger.assumption(member.metadata.uid) === undefined && !isSingle(member, situation);
  });
  return members.sort(byAge);
}

function decideGroup(device: MdevDevice, situation: Situation): Decision {
  const { ledger } = situation;
  const members = waitingMembers(device, situation);
  const requests = members.map((member) => requestOf(member, situation)) as unknown as Requests;
  const [anchor] = [...groupPlaces(device, situation)].sort();
  const anchored = anchor === undefined ? undefined : ledger.candidate(anchor);
  const candidates = anchor === undefined ? ledger.candidatesOfType(typeKey(device)) : anchored === undefined ? [] : [anchored];
  const placement = choose(requests, candidates);
  const why = placement === undefined ? whyNoGroup(requests, anchor, candidates, situation) : undefined;
  return new Map(
    members.map((member, index): [string, Action] => {
      const key = keyOf(member.metadata);
      if (why !== undefined) return [key, { type: 'Refuse', why }];
      const { nodeName = '', parentName = '', typeIDs = [] } = placement ?? {};
      const allocation = allocationOf({ nodeName, parentName }, typeIDs[index] ?? '', requests[index] ?? requests[0]);
      return [key, { type: 'Allocate', allocation }];
    }),
  );
}

function whyNoGroup(requests: Requests, anchor: string | undefined, candidates: readonly Candidate[], { ledger }: Situation): WhyNot {
  if (anchor === undefined) return explain(requests, ledger.candidates());
  const [first] = requests;
  const { message } = candidates.length === 0 ? { message: 'it is gone.' } : explain(requests, candidates);
  const text = `Other devices of group ${first.spec.group ?? ''} are on ${anchor}, so this one must be too: ${message}`;
  return { reason: 'GroupSplit', message: text };
}

/** What to do with `device` now. */
export function decide(device: MdevDevice, situation: Situation): Decision {
  const { world, ledger } = situation;
  if (device.metadata.deletionTimestamp !== undefined) return one(device, decideDeleting(device, world));
  if (ledger.assumption(device.metadata.uid) !== undefined) return one(device, { type: 'None' });
  const allocation = standingAllocation(device);
  if (allocation !== undefined) return one(device, decidePlaced(device, allocation, situation));
  const refused = refuseByItsClass(device, world);
  if (refused !== undefined) return one(device, { type: 'Refuse', why: refused });
  const winner = conflictWinner(device, world.devices.byIndex('uuid', world.uuidOf(device)));
  if (winner !== undefined) {
    const name = `${winner.metadata.namespace ?? ''}/${winner.metadata.name}`;
    const message = `MdevDevice ${name} is older and has UUID ${world.uuidOf(device)} too. Delete one of the two.`;
    return one(device, { type: 'Refuse', why: { reason: 'UUIDConflict', message } });
  }
  if (device.spec.adopt) return one(device, decideAdopting(device, situation));
  const former = decideFormer(device, situation);
  if (former !== undefined) return one(device, former);
  if (device.spec.group !== undefined) return decideGroup(device, situation);
  const request = requestOf(device, situation);
  const placement = ledger.best(request, typeKey(device));
  if (placement === undefined) return one(device, { type: 'Refuse', why: ledger.whyNot(request) });
  return one(device, { type: 'Allocate', allocation: allocationOf(placement, placement.typeIDs[0] ?? '', request) });
}
