import { findCondition } from '../api/condition.ts';
import { matchesSelector } from '../api/label-selector.ts';
import { allowsType, type MdevClass } from '../api/mdev-class.ts';
import type { DeviceSpec } from '../api/mdev-device.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import type { CapacityModel, PendingCounts } from './capacity.ts';
import { remaining } from './capacity.ts';
import { saysLost } from './node-loss.ts';

/** What the controller reads of a Node. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Cordoned. */
  readonly unschedulable: boolean;
  /** Its agent is not heard. */
  readonly lost: boolean;
}

/** A parent with all that placement needs to know of it. */
export interface Candidate {
  readonly parent: MdevParent;
  /** Undefined when there is no Node object of that name. */
  readonly node: NodeFacts | undefined;
  readonly model: CapacityModel;
  readonly pending: PendingCounts;
}

/** One device to place. */
export interface PlacementRequest {
  readonly spec: DeviceSpec;
  /** The class that binds the device, if any. */
  readonly boundTo?: MdevClass | undefined;
  /** Parents not to be tried for now, by the name of the MdevParent. */
  readonly avoid?: ReadonlySet<string>;
}

/** Why a parent cannot take a device. `kind` orders refusals from the least to the most specific. */
export interface Refusal {
  readonly kind: 'NotMatching' | 'Absent' | 'NoSuchType' | 'NotInClass' | 'NodeLost' | 'Unschedulable' | 'Avoided' | 'NoCapacity';
  /** Completes "1 of the parents ...": singular and plural. */
  readonly one: string;
  readonly many: string;
  /** More about it, where there is only one such parent. */
  readonly detail?: string | undefined;
}

function refusal(kind: Refusal['kind'], one: string, many: string, detail?: string): Refusal {
  return { kind, one, many, detail };
}

/** "has no nvidia-11 left (all instances are taken)": what one parent says. */
export function refusalText({ one, detail = '' }: Refusal): string {
  return detail === '' ? one : `${one} (${detail.replace(/[.\s]+$/, '')})`;
}

/** The types of `parent` that the device's `spec.type` means: by id, or by name, where a type without name goes by its id. */
export function matchingTypes(spec: Pick<DeviceSpec, 'type'>, parent: MdevParent): string[] {
  const { id, name } = spec.type;
  const types = parent.status?.supportedTypes ?? [];
  // Asked for every parent at every decision: ids are unique.
  if (id !== undefined) return types.some((type) => type.id === id) ? [id] : [];
  return types.filter((type) => (type.name ?? type.id) === name).map((type) => type.id);
}

function typeText(spec: DeviceSpec): string {
  return spec.type.id ?? spec.type.name ?? '';
}

function checkNode({ spec }: PlacementRequest, { parent, node }: Candidate): Refusal | undefined {
  if (spec.nodeName !== undefined && parent.spec.nodeName !== spec.nodeName) {
    return refusal('NotMatching', `is not on node ${spec.nodeName}`, `are not on node ${spec.nodeName}`);
  }
  if (node === undefined) return refusal('Absent', 'is on a node that has no Node object', 'are on nodes that have no Node object');
  if (!matchesSelector({ matchLabels: spec.nodeSelector ?? {} }, node.labels)) {
    return refusal('NotMatching', 'is on a node that does not match nodeSelector', 'are on nodes that do not match nodeSelector');
  }
  return undefined;
}

function checkParent({ spec }: PlacementRequest, { parent }: Candidate): Refusal | undefined {
  if (spec.parent?.name !== undefined && parent.spec.parent !== spec.parent.name) {
    return refusal('NotMatching', `is not named ${spec.parent.name}`, `are not named ${spec.parent.name}`);
  }
  if (spec.parent?.selector !== undefined && !matchesSelector(spec.parent.selector, parent.metadata.labels)) {
    return refusal('NotMatching', "does not match the parent's selector", "do not match the parent's selector");
  }
  return undefined;
}

/** Whether no agent looks after the parent now. The parent says so too, which holds from one controller to the next. */
export function isNodeLost({ parent, node }: Candidate): boolean {
  return node?.lost === true || saysLost(parent.status?.conditions, 'Present');
}

function checkPresent(_: PlacementRequest, { parent }: Candidate): Refusal | undefined {
  if (parent.metadata.deletionTimestamp !== undefined) return refusal('Absent', 'is being deleted', 'are being deleted');
  const present = findCondition(parent.status?.conditions, 'Present');
  if (saysLost(parent.status?.conditions, 'Present')) return undefined;
  return present?.status === 'True' ? undefined : refusal('Absent', 'is not present', 'are not present', present?.message);
}

function checkType({ spec }: PlacementRequest, { parent }: Candidate): Refusal | undefined {
  const ids = matchingTypes(spec, parent);
  if (ids.length === 1) return undefined;
  if (ids.length === 0) return refusal('NoSuchType', `has no type ${typeText(spec)}`, `have no type ${typeText(spec)}`);
  const list = ids.toSorted().join(', ');
  return refusal(
    'NoSuchType',
    `has several types named ${typeText(spec)} (set type.id to one of ${list})`,
    `have several types named ${typeText(spec)} (set type.id, for example to one of ${list})`,
  );
}

function checkClass({ spec, boundTo }: PlacementRequest, { parent, node }: Candidate): Refusal | undefined {
  if (boundTo === undefined) return undefined;
  const { name } = boundTo.metadata;
  const { parents } = boundTo.spec;
  if (
    !matchesSelector(parents?.selector, parent.metadata.labels) ||
    !matchesSelector({ matchLabels: parents?.nodeSelector ?? {} }, node?.labels)
  ) {
    return refusal('NotInClass', `is not in class ${name}`, `are not in class ${name}`);
  }
  const types = parent.status?.supportedTypes ?? [];
  const refused = matchingTypes(spec, parent).find((id) => !allowsType(boundTo.spec, id, types.find((type) => type.id === id)?.name));
  if (refused === undefined) return undefined;
  const text = `${typeText(spec)}${refused === typeText(spec) ? '' : ` (${refused})`}, which class ${name} does not allow`;
  return refusal('NotInClass', `has ${text}`, `have ${text}`);
}

function checkNodeLost(_: PlacementRequest, candidate: Candidate): Refusal | undefined {
  return isNodeLost(candidate) ? refusal('NodeLost', 'is on a node that is lost', 'are on nodes that are lost') : undefined;
}

function checkSchedulable({ spec }: PlacementRequest, { parent, node }: Candidate): Refusal | undefined {
  if (parent.spec.unschedulable) return refusal('Unschedulable', 'is unschedulable', 'are unschedulable');
  if (node?.unschedulable === true) return refusal('Unschedulable', 'is on a cordoned node', 'are on cordoned nodes');
  const allowed = parent.spec.allowedTypes;
  if (allowed !== undefined && !allowed.includes(matchingTypes(spec, parent)[0] ?? '')) {
    return refusal('Unschedulable', `does not allow ${typeText(spec)} (allowedTypes)`, `do not allow ${typeText(spec)} (allowedTypes)`);
  }
  return undefined;
}

function checkAvoided({ avoid }: PlacementRequest, { parent }: Candidate): Refusal | undefined {
  if (avoid?.has(parent.metadata.name) !== true) return undefined;
  return refusal('Avoided', 'refused it a short while ago', 'refused it a short while ago');
}

function checkCapacity({ spec }: PlacementRequest, { parent, model, pending }: Candidate): Refusal | undefined {
  const typeID = matchingTypes(spec, parent)[0] ?? '';
  if (remaining(model, pending, typeID) > 0) return undefined;
  const why = parent.status?.supportedTypes?.find((type) => type.id === typeID)?.reason;
  return refusal('NoCapacity', `has no ${typeText(spec)} left`, `have no ${typeText(spec)} left`, why);
}

/** Why the device must not be on this parent, whatever the parent's state is, or undefined. */
export function refusePlace(request: PlacementRequest, candidate: Candidate): Refusal | undefined {
  return checkNode(request, candidate) ?? checkParent(request, candidate) ?? checkClass(request, candidate);
}

/** What does not depend on how full the parent is. */
const standing = [checkNode, checkParent, checkPresent, checkType, checkClass, checkNodeLost, checkSchedulable];

/** Why `candidate` cannot take the device even if it were empty, or undefined. */
export function refuseStanding(request: PlacementRequest, candidate: Candidate): Refusal | undefined {
  for (const check of standing) {
    const refused = check(request, candidate);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Why `candidate` cannot take the device now, or undefined if it can. */
export function refuse(request: PlacementRequest, candidate: Candidate): Refusal | undefined {
  return refuseStanding(request, candidate) ?? checkAvoided(request, candidate) ?? checkCapacity(request, candidate);
}
