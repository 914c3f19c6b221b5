/** Whether everybody has what can be had: objects that still go, or that wait though there is room, are a wake-up that was lost. */
import { findCondition } from '../../src/api/condition.ts';
import type { MdevDevice } from '../../src/api/mdev-device.ts';
import { parentObjectName } from '../../src/api/parent-name.ts';
import { keyOf } from '../../src/kube/resource.ts';
import type { ClusterView } from './invariants.ts';

/** Where the type of `object` could be created now. */
function roomFor({ spec }: MdevDevice, { hosts, parents }: ClusterView): string[] {
  return hosts
    .filter(({ node }) => spec.nodeName === undefined || spec.nodeName === node)
    .flatMap(({ node, state }) =>
      state.parents.flatMap((parent) => {
        const name = parentObjectName(node, parent.name);
        const available = parent.types.find(({ id }) => id === spec.type.id)?.availableInstances ?? 0;
        const open = parents.some(({ metadata, spec: { unschedulable } }) => metadata.name === name && !unschedulable);
        return open && parent.state === 'live' && available > 0 ? [`${name} (${available})`] : [];
      }),
    );
}

/** Objects that are not as they should be by now, with what they say themselves. */
export function unsettled(view: ClusterView): string[] {
  return view.devices.flatMap((object) => {
    const { metadata, status } = object;
    const name = keyOf(metadata);
    if (metadata.deletionTimestamp !== undefined) return [`${name} is still being deleted: ${JSON.stringify(status?.conditions)}`];
    const ready = findCondition(status?.conditions, 'Ready');
    if (ready?.status === 'True') return ready.observedGeneration === metadata.generation ? [] : [`${name} is Ready as it was before`];
    const why = `${ready?.reason ?? 'nothing'}: ${ready?.message ?? ''}`;
    if (ready?.reason === 'UUIDConflict') {
      const winner = view.devices.some(
        (other) =>
          other !== object && other.spec.uuid === object.spec.uuid && findCondition(other.status?.conditions, 'Ready')?.status === 'True',
      );
      return winner ? [] : [`${name} says ${why}, and no other object has that UUID`];
    }
    if (ready?.reason !== 'NoCapacity') return [`${name} is not Ready (${why})`];
    const room = roomFor(object, view);
    return room.length === 0 ? [] : [`${name} says ${why}, but there is room on ${room.join(', ')}`];
  });
}
