import type { DeviceSpec } from '../api/mdev-device.ts';
import { freeShare, inUse, remaining, withPending } from './capacity.ts';
import { matchingTypes, refuse, refuseStanding, type Candidate, type PlacementRequest, type Refusal } from './eligibility.ts';
import { summarize, type WhyNot } from './why-not.ts';

/** Where the devices of one call go: one parent, and a type id for each request, in their order. */
export interface Placement {
  readonly parentName: string;
  readonly nodeName: string;
  readonly typeIDs: readonly string[];
}

/** How many things the device asks for that the parent cannot do; such a parent is taken only if there is no better. */
function missingFeatures(spec: DeviceSpec, candidate: Candidate): number {
  const features = candidate.parent.status?.features;
  if (features === undefined) return 0;
  const wanted = [
    ...(spec.group === undefined ? [] : (['Groups'] as const)),
    ...(spec.params === undefined ? [] : (['Params'] as const)),
    ...(spec.attributes === undefined || spec.attributes.length === 0 ? [] : (['Attributes'] as const)),
    ...(spec.online ? [] : (['Online'] as const)),
  ];
  return wanted.filter((feature) => !features.includes(feature)).length;
}

/** Numbers to compare candidates by, the smaller the better, the first that differs decides. */
function rank(spec: DeviceSpec, candidate: Candidate, typeID: string): readonly number[] {
  const { model, pending } = candidate;
  const share = freeShare(model, pending, typeID);
  const room = remaining(model, pending, typeID);
  const missing = missingFeatures(spec, candidate);
  if (spec.placement === 'Spread') return [missing, -share, -room];
  return [missing, inUse(model, pending) ? 0 : 1, room, share];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The type ids under which `candidate` takes all requests together, or the first refusal. */
function fit(requests: readonly PlacementRequest[], candidate: Candidate): readonly string[] | Refusal {
  const typeIDs: string[] = [];
  let pending = candidate.pending;
  for (const request of requests) {
    const refused = refuse(request, { ...candidate, pending });
    if (refused !== undefined) return refused;
    const typeID = matchingTypes(request.spec, candidate.parent)[0] ?? '';
    typeIDs.push(typeID);
    if (requests.length > 1) pending = withPending(pending, typeID);
  }
  return typeIDs;
}

/** A parent that takes the requests, and how well. */
export interface Ranked {
  readonly placement: Placement;
  readonly rank: readonly number[];
}

/** Orders parents, the best first. Equals are told apart by name. */
export function compareRanked(a: Ranked, b: Ranked): number {
  const [left, right] = [a.placement.parentName, b.placement.parentName];
  return compareRanks(a.rank, b.rank) || (left < right ? -1 : left > right ? 1 : 0);
}

/** How well `candidate` takes all requests together, or undefined if it does not. */
export function evaluate(requests: readonly [PlacementRequest, ...PlacementRequest[]], candidate: Candidate): Ranked | undefined {
  const typeIDs = fit(requests, candidate);
  if (!isFit(typeIDs)) return undefined;
  const placement = { parentName: candidate.parent.metadata.name, nodeName: candidate.parent.spec.nodeName, typeIDs };
  return { placement, rank: rank(requests[0].spec, candidate, typeIDs[0] ?? '') };
}

/** The best of `candidates` that takes all requests together; the order of input is of no matter. */
export function choose(
  requests: readonly [PlacementRequest, ...PlacementRequest[]],
  candidates: Iterable<Candidate>,
): Placement | undefined {
  let best: Ranked | undefined;
  for (const candidate of candidates) {
    const ranked = evaluate(requests, candidate);
    if (ranked !== undefined && (best === undefined || compareRanked(ranked, best) < 0)) best = ranked;
  }
  return best?.placement;
}

function isFit(result: readonly string[] | Refusal): result is readonly string[] {
  return Array.isArray(result);
}

/** Why none of `candidates` (all parents there are) takes the devices. */
export function explain(requests: readonly [PlacementRequest, ...PlacementRequest[]], candidates: Iterable<Candidate>): WhyNot {
  const all = [...candidates];
  const [first, ...others] = requests;
  const alone = summarize(all.flatMap((candidate) => refuse(first, candidate) ?? []));
  if (others.length === 0) return alone;
  // A group: if each would find a place alone, it is being together that fails.
  const each = requests.map((request) => all.some((candidate) => refuse(request, candidate) === undefined));
  if (!each.every(Boolean)) {
    const missing = requests[each.indexOf(false)] ?? first;
    return summarize(all.flatMap((candidate) => refuse(missing, candidate) ?? []));
  }
  const group = first.spec.group ?? '';
  const fitting = all.filter((candidate) => requests.every((request) => refuseStanding(request, candidate) === undefined)).length;
  const where = fitting === 0 ? 'no parent fits all of them' : `none of the ${fitting} fitting parents has room for all of them`;
  return {
    reason: 'GroupSplit',
    message: `The ${requests.length} devices of group ${group} must be on one parent, but ${where}. They are placed when one has.`,
  };
}
