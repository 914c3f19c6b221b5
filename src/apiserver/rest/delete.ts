/** The delete verbs. Finalizers and propagation follow k8s.io/apiserver/pkg/registry/generic/registry/store.go. */
import type { Api } from '../api.ts';
import { formatTime } from '../meta/normalize-metadata.ts';
import type { KubeObject } from '../object.ts';
import type { DeleteOptions } from '../request/options.ts';
import { groupResourceOf, type Resource, viewObject, viewText } from '../resource.ts';
import { conflict, StatusError } from '../status.ts';
import { type Entry, serializeObject } from '../store/entry.ts';
import { type ObjectResult, type StatusResult, successStatus } from './result.ts';
import { requireEntry, type Target } from './update.ts';

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';
/** How many deletions of a collection are one turn of the event loop. */
const batchSize = 200;

/** Deletes one object, or marks it while finalizers hold it; resolves when durable. @throws StatusError 404, 409 */
export async function deleteObject(api: Api, target: Target, options: DeleteOptions): Promise<ObjectResult | StatusResult> {
  return deleteEntry(api, target.resource, requireEntry(api, target), options);
}

/** Deletes each of `entries` that is still there; resolves when all is durable. */
export async function deleteEntries(api: Api, resource: Resource, entries: readonly Entry[], options: DeleteOptions): Promise<void> {
  const collection = api.store.collection(resource.storage);
  for (let start = 0; start < entries.length; start += batchSize) {
    const present = entries.slice(start, start + batchSize).flatMap((entry) => {
      const current = collection.newest(entry.key);
      return current?.uid === entry.uid ? [current] : [];
    });
    await Promise.all(present.map((entry) => deleteEntry(api, resource, entry, options)));
  }
}

/** Deletes or marks the object of `entry`, which must be the newest. */
export async function deleteEntry(
  api: Api,
  resource: Resource,
  entry: Entry,
  options: DeleteOptions,
): Promise<ObjectResult | StatusResult> {
  const live = viewObject(resource, entry);
  checkPreconditions(resource, live, options.preconditions);
  const hooks = api.hooks.get(resource.storage);
  hooks?.checkDelete?.(live);
  const object = structuredClone(live);
  const held = mark(api, resource, object, options);
  if (!held) {
    if (!options.dryRun) await api.store.remove(resource.storage, entry).durable;
    if (resource.returnsDeleted) return { type: 'object', code: 200, resource, text: serializeObject(live), warnings: [] };
    const { group, resource: kind } = groupResourceOf(resource);
    const details = { name: live.metadata.name, ...(group !== '' && { group }), kind, uid: live.metadata.uid };
    return { type: 'status', code: 200, status: successStatus(details), warnings: [] };
  }
  const answer = (text: string): ObjectResult => ({ type: 'object', code: 200, resource, text, warnings: [] });
  if (options.dryRun) return answer(serializeObject(object));
  if (serializeObject(object) === serializeObject(live)) {
    await api.store.confirm(entry);
    return answer(viewText(resource, entry));
  }
  const write = api.store.put(resource.storage, resource.toStorage(object), resource.storageTag);
  await write.durable;
  return answer(viewText(resource, write.entry));
}

/** Sets deletionTimestamp and the collector's finalizers; false when nothing holds the object and it can go at once. */
function mark(api: Api, resource: Resource, object: KubeObject, options: DeleteOptions): boolean {
  const { metadata } = object;
  const finalizers = resource.collectable ? withPolicy(metadata.finalizers ?? [], options) : (metadata.finalizers ?? []);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const hooks = api.hooks.get(resource.storage);
  const held = (hooks?.prepareDelete?.(object) ?? false) || (metadata.finalizers ?? []).length > 0;
  if (!held || metadata.deletionTimestamp !== undefined) return held;
  metadata.deletionTimestamp = formatTime(api.clock.now());
  if (hooks?.prepareDelete === undefined) metadata.deletionGracePeriodSeconds = 0;
  if (metadata.generation !== undefined) metadata.generation += 1;
  return true;
}

/** The finalizers after a delete with this policy; without one, a collector's finalizer that is there decides. */
function withPolicy(finalizers: readonly string[], options: DeleteOptions): string[] {
  const policy = options.propagationPolicy;
  const orphan = policy === undefined ? finalizers.includes(orphanFinalizer) : policy === 'Orphan';
  const foreground = policy === undefined ? finalizers.includes(foregroundFinalizer) : policy === 'Foreground';
  const result = finalizers.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (orphan) result.push(orphanFinalizer);
  if (foreground) result.push(foregroundFinalizer);
  return result;
}

function checkPreconditions(resource: Resource, live: KubeObject, preconditions: DeleteOptions['preconditions']): void {
  const { uid, resourceVersion } = preconditions;
  const { metadata } = live;
  const named = { group: resource.group, resource: resource.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    const why =
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). ` +
      'The object might have been deleted and then recreated';
    throw conflict(named, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why =
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
      `(${metadata.resourceVersion}). The object might have been modified`;
    throw conflict(named, metadata.name, why);
  }
}

/** Whether an error says that the object was gone already, or had changed: what a controller meets in a race. */
export function isRace(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Conflict');
}
