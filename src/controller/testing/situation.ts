import { ManualClock } from '../../lib/manual-clock.ts';
import type { MdevClass } from '../../api/mdev-class.ts';
import type { MdevDevice } from '../../api/mdev-device.ts';
import type { MdevParent } from '../../api/mdev-parent.ts';
import { decide, type Action, type Situation } from '../decide.ts';
import { Ledger } from '../ledger.ts';
import { Avoidance } from '../withdrawal.ts';
import { createWorld, type NamespaceObject, type NodeObject } from '../world.ts';

export const clusterUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

/** A situation made of these objects; namespace `ns` may adopt. */
export function situationOf(objects: {
  parents?: readonly MdevParent[];
  nodes?: readonly NodeObject[];
  devices?: readonly MdevDevice[];
  classes?: readonly MdevClass[];
  namespaces?: readonly NamespaceObject[];
}): Situation & { readonly clock: ManualClock } {
  const world = createWorld(clusterUID);
  for (const node of objects.nodes ?? [{ metadata: { name: 'n1' } }]) world.nodes.upsert(node);
  for (const parent of objects.parents ?? []) world.parents.upsert(parent);
  for (const device of objects.devices ?? []) world.devices.upsert(device);
  for (const mdevClass of objects.classes ?? []) world.classes.upsert(mdevClass);
  for (const namespace of objects.namespaces ?? []) world.namespaces.upsert(namespace);
  const clock = new ManualClock();
  return { world, ledger: new Ledger(world), avoidance: new Avoidance(clock), mayAdopt: (namespace) => namespace === 'ns', clock };
}

/** What is decided about `device` itself. */
export function actionFor(device: MdevDevice, situation: Situation): Action {
  const action = decide(device, situation).get(`ns/${device.metadata.name}`);
  if (action === undefined) throw new Error('Nothing was decided about the device');
  return action;
}

/** An action in one line: what, and where or why. */
export function line(action: Action): string {
  switch (action.type) {
    case 'Allocate':
      return `Allocate ${action.allocation.parentName} ${action.allocation.typeID}`;
    case 'Refuse':
      return `Refuse ${action.why.reason}`;
    case 'Withdraw':
      return `Withdraw ${action.allocation.parentName} for ${action.target.parentName}`;
    case 'None':
    case 'Stay':
    case 'AddFinalizer':
    case 'RemoveFinalizer':
      return action.type;
  }
}
