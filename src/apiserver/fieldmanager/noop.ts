/** Writes that change nothing. */
import type { KubeObject, ManagedFieldsEntry } from '../object.ts';
import { jsonEqual } from '../schema/equality.ts';
import { withManaged } from './update.ts';

/**
 * `updated`, with the times of `live`'s managedFields put back when nothing but those times differs: then the write is a no-op
 * and makes no new resourceVersion. Call it last, when everything else of the object is settled.
 */
export function keepTimesOfNoop(live: KubeObject, updated: KubeObject): KubeObject {
  const [old, now] = [live.metadata.managedFields ?? [], updated.metadata.managedFields ?? []];
  if (now.length === 0 || old.length !== now.length || now.every((entry, index) => entry.time === old[index]?.time)) return updated;
  const same = jsonEqual(old.map(withoutTime), now.map(withoutTime)) && jsonEqual(withManaged(live, []), withManaged(updated, []));
  return same ? withManaged(updated, old) : updated;
}

function withoutTime({ time: _time, ...entry }: ManagedFieldsEntry): ManagedFieldsEntry {
  return entry;
}
