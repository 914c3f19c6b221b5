import type { MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent, ParentDevice } from '../api/mdev-parent.ts';
import { keyOf } from '../kube/resource.ts';
import { matchingTypes, refusePlace, type Candidate, type PlacementRequest } from './eligibility.ts';
import type { WhyNot } from './why-not.ts';
import { isGivenUp, type World } from './world.ts';

/** A mediated device that exists already, on the parent that reports it. */
export interface Existing {
  readonly parent: MdevParent;
  readonly device: ParentDevice;
}

/**
 * The entry of `parent.status.devices` that belongs to `object`: by UUID, or made for an object of the same name that is no
 * more (the API server was emptied, say), if the type fits and no other UUID is asked for.
 */
export function entryOn(parent: MdevParent, object: MdevDevice, uuid: string): ParentDevice | undefined {
  return (parent.status?.devices ?? []).find((entry) => entry.uuid === uuid || isFormer(parent, object, entry));
}

function isFormer(parent: MdevParent, object: MdevDevice, entry: ParentDevice): boolean {
  if (entry.owner === undefined || keyOf(entry.owner) !== keyOf(object.metadata)) return false;
  const wanted = object.spec.uuid?.toLowerCase();
  return (wanted === undefined || wanted === entry.uuid) && matchingTypes(object.spec, parent).includes(entry.typeID);
}

/** The device that was made for an object of this namespace and name, wherever it is. */
export function findFormer(object: MdevDevice, world: World): Existing | undefined {
  const found = world.parents.byIndex('owner', keyOf(object.metadata)).flatMap((parent) => {
    // What a lost node last said is of no use: the object was made anew because of it.
    if (isGivenUp(world.nodes.get(parent.spec.nodeName))) return [];
    const device = (parent.status?.devices ?? []).find((entry) => isFormer(parent, object, entry));
    return device === undefined ? [] : { parent, device };
  });
  return found.toSorted((a, b) => (a.parent.metadata.name < b.parent.metadata.name ? -1 : 1))[0];
}

/** The device without owner that is to be taken over, or why there is none to take. */
export function findAdoptable(request: PlacementRequest, uuid: string, candidates: readonly Candidate[]): Existing | WhyNot {
  const holding = candidates.flatMap((candidate) => {
    const device = (candidate.parent.status?.devices ?? []).find((entry) => entry.uuid === uuid);
    return device === undefined ? [] : { candidate, device };
  });
  if (holding.length === 0) {
    return { reason: 'AdoptNotFound', message: `No parent reports a device ${uuid} without owner. It is adopted when one does.` };
  }
  const fitting = holding.find(({ candidate }) => refusePlace(request, candidate) === undefined);
  if (fitting === undefined) {
    const refusals = holding.flatMap(({ candidate }) => refusePlace(request, candidate) ?? []);
    const places = holding.map(({ candidate }, index) => `${candidate.parent.metadata.name}, which ${refusals[index]?.one ?? ''}`);
    return {
      reason: refusals.every(({ kind }) => kind === 'NotInClass') ? 'NotAllowedByClass' : 'AdoptMismatch',
      message: `Device ${uuid} is on ${places.toSorted().join('; ')}.`,
    };
  }
  const { candidate, device } = fitting;
  if (!matchingTypes(request.spec, candidate.parent).includes(device.typeID)) {
    return {
      reason: 'AdoptMismatch',
      message: `Device ${uuid} on ${candidate.parent.metadata.name} is of type ${device.typeID}; make the object anew with that type.`,
    };
  }
  return { parent: candidate.parent, device };
}
