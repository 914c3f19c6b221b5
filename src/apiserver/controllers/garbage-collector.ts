/**
 * The garbage collector: objects whose owners are all gone go too; foreground deletion waits for the dependents that block it;
 * orphaning cuts the dependents loose first. The rules are those of kube-controller-manager's garbage collector.
 */
import type { Api } from '../api.ts';
import type { KubeObject, OwnerReference } from '../object.ts';
import type { PropagationPolicy } from '../request/options.ts';
import type { Resource } from '../resource.ts';
import { deleteEntry, isRace } from '../rest/delete.ts';
import { putTracked } from '../rest/put-tracked.ts';
import { type Entry, entryKey, parseEntry } from '../store/entry.ts';
import { type Dependents, indexDependents, type Place } from './dependents.ts';
import { startWorkLoop, type WorkLoop } from './work-loop.ts';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/** Starts the collector; its owner closes the loop. */
export function startGarbageCollector(api: Api): WorkLoop {
  const dependents = indexDependents(api.store);
  const work = (key: string): Promise<void> => collect(api, dependents, placeOf(key), add);
  const loop = startWorkLoop({ name: 'garbage-collector', clock: api.clock, log: api.log, concurrency: 50, work });
  const add = (place: Place): void => {
    loop.add(`${place.storage} ${place.key}`);
  };
  const stop = api.store.listen((storage, { type, entry, previous }) => {
    dependents.update(storage, entry, previous, type === 'DELETED');
    if (type === 'DELETED') for (const place of dependents.of(entry.uid)) add(place);
    // An owner in foreground deletion may have waited for this one.
    if (type === 'DELETED' || previous?.owners !== undefined) for (const uid of previous?.owners ?? []) addByUid(api, uid, entry, add);
    if (type !== 'DELETED' && (entry.owners !== undefined || entry.deleting)) add({ storage, key: entry.key });
  });
  // Owners of a kind that was not served could not be judged: look again when what is served changes.
  const stopRegistry = api.registry.onChange(() => {
    for (const storage of api.store.storages()) {
      for (const entry of api.store.collection(storage).all()) if (entry.owners !== undefined) add({ storage, key: entry.key });
    }
  });
  for (const storage of api.store.storages()) {
    for (const entry of api.store.collection(storage).all())
      if (entry.owners !== undefined || entry.deleting) add({ storage, key: entry.key });
  }
  return {
    ...loop,
    close() {
      stop();
      stopRegistry();
      return loop.close();
    },
  };
}

function placeOf(key: string): Place {
  const space = key.indexOf(' ');
  return { storage: key.slice(0, space), key: key.slice(space + 1) };
}

/** Queues the owner with this UID if it is being deleted; `child` tells its namespace and references. */
function addByUid(api: Api, uid: string, child: Entry, add: (place: Place) => void): void {
  const reference = parseEntry(child).metadata.ownerReferences?.find((candidate) => candidate.uid === uid);
  const owner = reference === undefined ? undefined : findOwner(api, reference, child.namespace);
  if (owner?.entry?.deleting === true) add({ storage: owner.resource.storage, key: owner.entry.key });
}

/** The owner's resource, and the owner unless it is absent; undefined when its kind is not served or cannot own this object. */
function findOwner(api: Api, reference: OwnerReference, namespace: string): { resource: Resource; entry: Entry | undefined } | undefined {
  const resource = api.registry.findKind(reference.apiVersion, reference.kind);
  if (resource === undefined || (resource.namespaced && namespace === '')) return undefined;
  const entry = api.store.collection(resource.storage).newest(entryKey(resource.namespaced ? namespace : '', reference.name));
  return { resource, entry: entry?.uid === reference.uid ? entry : undefined };
}

async function collect(api: Api, dependents: Dependents, place: Place, add: (place: Place) => void): Promise<void> {
  const entry = api.store.collection(place.storage).newest(place.key);
  const resource = api.registry.storages().get(place.storage);
  if (entry === undefined || resource === undefined) return;
  const object = parseEntry(entry);
  const finalizers = object.metadata.finalizers ?? [];
  try {
    if (entry.deleting && finalizers.includes(orphan)) await orphanDependents(api, dependents, place, entry);
    else if (entry.deleting && finalizers.includes(foreground)) await deleteInForeground(api, dependents, place, entry, add);
    else if (!entry.deleting) await judgeOwners(api, dependents, place, entry, object, resource);
  } catch (error) {
    if (!isRace(error)) throw error; // whoever was faster has queued the object again
  }
}

async function judgeOwners(
  api: Api,
  dependents: Dependents,
  place: Place,
  entry: Entry,
  object: KubeObject,
  resource: Resource,
): Promise<void> {
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0) return;
  const gone = new Set<string>();
  const waiting = new Set<string>();
  for (const reference of references) {
    const owner = findOwner(api, reference, entry.namespace);
    if (owner === undefined) continue; // counts as present: better kept than lost
    if (owner.entry === undefined) gone.add(reference.uid);
    else if (owner.entry.deleting && (parseEntry(owner.entry).metadata.finalizers ?? []).includes(foreground)) waiting.add(reference.uid);
  }
  if (gone.size + waiting.size === 0) return;
  if (gone.size + waiting.size < references.length) {
    await dropReferences(api, place, new Set([...gone, ...waiting]));
    return;
  }
  const hasDependents = dependents.of(entry.uid).length > 0;
  const finalizers = object.metadata.finalizers ?? [];
  const own: PropagationPolicy = finalizers.includes(orphan) ? 'Orphan' : finalizers.includes(foreground) ? 'Foreground' : 'Background';
  const policy = waiting.size > 0 && hasDependents ? 'Foreground' : own;
  await deleteEntry(api, resource, entry, { dryRun: false, propagationPolicy: policy, preconditions: { uid: entry.uid } });
}

async function dropReferences(api: Api, place: Place, uids: ReadonlySet<string>): Promise<void> {
  const entry = api.store.collection(place.storage).newest(place.key);
  if (entry === undefined) return;
  const object = parseEntry(entry);
  const kept = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.has(uid));
  if (kept.length === 0) delete object.metadata.ownerReferences;
  else object.metadata.ownerReferences = kept;
  await putTracked(api, place.storage, entry, object, '').durable;
}

async function orphanDependents(api: Api, dependents: Dependents, place: Place, entry: Entry): Promise<void> {
  const uids = new Set([entry.uid]);
  await Promise.all(dependents.of(entry.uid).map((dependent) => dropReferences(api, dependent, uids)));
  await dropFinalizer(api, place, entry, orphan);
}

async function deleteInForeground(
  api: Api,
  dependents: Dependents,
  place: Place,
  entry: Entry,
  add: (place: Place) => void,
): Promise<void> {
  const places = dependents.of(entry.uid);
  const blocking = places.filter((dependent) => {
    const child = api.store.collection(dependent.storage).newest(dependent.key);
    if (child === undefined) return false;
    const reference = parseEntry(child).metadata.ownerReferences?.find(({ uid }) => uid === entry.uid);
    return reference?.blockOwnerDeletion === true;
  });
  if (blocking.length === 0) {
    await dropFinalizer(api, place, entry, foreground);
    return;
  }
  for (const dependent of places) add(dependent);
}

/** Takes a finalizer off, and the object away when it was the last. */
async function dropFinalizer(api: Api, { storage }: Place, owner: Entry, finalizer: string): Promise<void> {
  const entry = api.store.collection(storage).newest(owner.key);
  if (entry?.uid !== owner.uid) return;
  const object = parseEntry(entry);
  const kept = (object.metadata.finalizers ?? []).filter((candidate) => candidate !== finalizer);
  if (kept.length > 0) object.metadata.finalizers = kept;
  else delete object.metadata.finalizers;
  const gone = kept.length === 0 && (api.hooks.get(storage)?.mayRemove?.(object) ?? true);
  await (gone ? api.store.remove(storage, entry, object) : api.store.put(storage, object, entry.tag)).durable;
}
