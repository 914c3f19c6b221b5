/** Writes that this server makes by itself, with managedFields kept as for anybody's. */
import type { Api } from '../api.ts';
import { trackUpdate } from '../fieldmanager/update.ts';
import type { KubeObject } from '../object.ts';
import { type Entry, parseEntry } from '../store/entry.ts';
import type { Write } from '../store/object-store.ts';

/** The manager these writes are told under. */
const manager = 'kube-apiserver';

/** Replaces the stored form of an object, which `entry` must be the newest of; `subresource` is '' or e.g. `status`. */
export function putTracked(api: Api, storage: string, entry: Entry, object: KubeObject, subresource: string): Write {
  const resource = api.registry.storages().get(storage);
  if (resource === undefined) return api.store.put(storage, object, entry.tag);
  const { schema, hasStatus, custom } = resource;
  const now = api.clock.now();
  const updated = trackUpdate({ live: parseEntry(entry), updated: object, manager, schema, subresource, hasStatus, custom, now });
  return api.store.put(storage, updated, entry.tag);
}
