import type { CreatedReason } from '../../api/reasons.ts';
import type { Feature } from '../../provider/contract.ts';
import type { Desired, Observed } from './types.ts';

/** Why the device cannot be made now. */
export interface Obstacle {
  readonly reason: CreatedReason;
  readonly message: string;
}

type Check = (desired: Desired, observed: Observed) => Obstacle | undefined;

const parentPresent: Check = ({ parent }, observed) => {
  if (observed.parent !== undefined) return undefined;
  const name = parent === undefined ? 'The parent it was allocated to' : `Parent ${parent}`;
  return { reason: 'ParentAbsent', message: `${name} is not on this node: load its driver, or delete the object.` };
};

const parentStays: Check = (_desired, { parent }) =>
  parent?.leaving === true
    ? { reason: 'ParentLeaving', message: `Parent ${parent.name} is being unregistered by its driver: wait until it is back.` }
    : undefined;

const typeOffered: Check = ({ typeID }, { parent }) => {
  if (parent === undefined || parent.types.some((type) => type.id === typeID)) return undefined;
  const offered = parent.types.map((type) => type.id).join(', ');
  return {
    reason: 'UnknownType',
    message: `Parent ${parent.name} does not offer type ${typeID}; it offers ${offered === '' ? 'none' : offered}.`,
  };
};

function featureCheck(feature: Feature, field: string, asks: (desired: Desired) => boolean): Check {
  return (desired, { parent }) =>
    parent === undefined || !asks(desired) || parent.features.includes(feature)
      ? undefined
      : {
          reason: 'Unsupported',
          message: `Parent ${parent.name} does not take ${field}: leave it out, or ask for a parent with feature ${feature}.`,
        };
}

const instanceLeft: Check = ({ typeID }, { parent }) => {
  const type = parent?.types.find((candidate) => candidate.id === typeID);
  if (parent === undefined || type === undefined || type.availableInstances > 0) return undefined;
  const why = type.reason === undefined ? '' : ` (${type.reason})`;
  return {
    reason: 'NoCapacity',
    message: `Parent ${parent.name} has no instance of ${typeID} left${why}: it is made as soon as one is free.`,
  };
};

const checks: readonly Check[] = [
  parentPresent,
  parentStays,
  typeOffered,
  featureCheck('Params', 'spec.params', ({ params }) => params !== undefined),
  featureCheck('Groups', 'spec.group', ({ group }) => group !== undefined),
  featureCheck('Attributes', 'spec.attributes', ({ attributes }) => attributes.length > 0),
  instanceLeft,
];

/** The first thing that stands in the way of creating the device, or undefined if nothing is known to. */
export function creationObstacle(desired: Desired, observed: Observed): Obstacle | undefined {
  for (const check of checks) {
    const obstacle = check(desired, observed);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}
