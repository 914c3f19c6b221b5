import { NIL } from 'uuid';
import type { MdevDevice } from '../api/mdev-device.ts';
import type { MdevParent } from '../api/mdev-parent.ts';
import { Ledger } from '../controller/ledger.ts';
import { createWorld, type NodeObject } from '../controller/world.ts';

/** What a user may read of a cluster, as it was when it was listed. */
export interface SurveyedObjects {
  readonly parents: readonly MdevParent[];
  readonly nodes: readonly NodeObject[];
  /** Of all namespaces: each takes room. */
  readonly devices: readonly MdevDevice[];
}

/** The objects, with the controller's own account of what every parent has to bear. */
export interface Survey extends SurveyedObjects {
  readonly ledger: Ledger;
}

/** Counts as the controller counts, from the same objects. Who holds Leases is not asked: a parent of a lost node says so itself. */
export function survey(objects: SurveyedObjects): Survey {
  // The UUIDs of devices without a status come from the cluster's UID. No count depends on those: a parent names the owners of its devices.
  const world = createWorld(NIL);
  world.nodes.replace(objects.nodes);
  world.parents.replace(objects.parents);
  world.devices.replace(objects.devices);
  return { ...objects, ledger: new Ledger(world) };
}
