/** Serves the resources of CRDs as they come, change and go, and empties those that are being deleted. */
import type { Api } from '../api.ts';
import { customResources } from '../custom/custom-resource.ts';
import { cleanupFinalizer, crdStorage, otherCrds } from '../custom/crd-hooks.ts';
import { hasTrueCondition, settleCrdStatus } from '../custom/crd-status.ts';
import type { KubeObject } from '../object.ts';
import { deleteEntries } from '../rest/delete.ts';
import { putTracked } from '../rest/put-tracked.ts';
import { jsonEqual } from '../schema/equality.ts';
import { parseEntry } from '../store/entry.ts';
import type { Resource } from '../resource.ts';
import { startWorkLoop, type WorkLoop } from './work-loop.ts';

/** Starts serving the stored CRDs, and keeps on; its owner closes the loop. */
export function startCrdController(api: Api): WorkLoop {
  const definitions = api.store.collection(crdStorage);
  const served = new Map<string, string>();
  const serve = (stored: KubeObject): void => {
    // What the status will say is known already: a CRD is served as soon as it is stored.
    const crd = structuredClone(stored);
    settleCrdStatus(crd, otherCrds(api.store, crd), api.clock.now());
    const key = servedKey(crd);
    // Watches end when their resource is replaced: not for a change that concerns nothing they see.
    if (served.get(crd.metadata.name) === key) return;
    served.set(crd.metadata.name, key);
    api.registry.replace(crd.metadata.name, hasTrueCondition(crd, 'Established') ? resourcesOf(api, crd) : []);
  };
  const loop = startWorkLoop({ name: 'crd', clock: api.clock, log: api.log, work: (name) => reconcile(api, name) });
  const stop = api.store.listen((storage, event) => {
    const { name } = event.entry;
    if (storage !== crdStorage) {
      // An object of a CRD that is going has gone.
      if (event.type === 'DELETED' && definitions.newest(storage)?.deleting === true) loop.add(storage);
    } else if (event.type === 'DELETED') {
      served.delete(name);
      api.registry.replace(name, []);
      // Names it held may be free for others now.
      for (const entry of definitions.all()) loop.add(entry.name);
    } else {
      serve(parseEntry(event.entry));
      loop.add(name);
    }
  });
  for (const entry of definitions.all()) {
    serve(parseEntry(entry));
    loop.add(entry.name);
  }
  return {
    ...loop,
    close() {
      stop();
      return loop.close();
    },
  };
}

/** The resources of a CRD; none, and a complaint, for one that an earlier and laxer version of this program has stored. */
function resourcesOf(api: Api, crd: KubeObject): Resource[] {
  try {
    return customResources(crd);
  } catch (error) {
    api.log.error({ err: error, crd: crd.metadata.name }, 'Cannot serve a CRD');
    return [];
  }
}

/** What of a CRD decides how it is served. */
function servedKey(crd: KubeObject): string {
  const status = crd['status'];
  const names = typeof status === 'object' && status !== null && !Array.isArray(status) ? (status['acceptedNames'] ?? null) : null;
  return JSON.stringify([crd.metadata.uid, crd['spec'] ?? null, names, hasTrueCondition(crd, 'Established')]);
}

async function reconcile(api: Api, name: string): Promise<void> {
  const entry = api.store.collection(crdStorage).newest(name);
  if (entry === undefined) return;
  if (entry.deleting) await purge(api, name);
  else await refreshStatus(api, name);
}

/** Names that were taken when this CRD was written may be free by now. */
async function refreshStatus(api: Api, name: string): Promise<void> {
  const entry = api.store.collection(crdStorage).newest(name);
  if (entry === undefined) return;
  const crd = parseEntry(entry);
  settleCrdStatus(crd, otherCrds(api.store, crd), api.clock.now());
  if (!jsonEqual(crd, parseEntry(entry))) await putTracked(api, crdStorage, entry, crd, 'status').durable;
}

/** Deletes the objects of a CRD, and takes its finalizer off when none is left. */
async function purge(api: Api, name: string): Promise<void> {
  const collection = api.store.collection(name);
  const resource = [...api.registry.all()].find(({ storage }) => storage === name);
  const crdEntry = api.store.collection(crdStorage).newest(name);
  if (crdEntry === undefined) return;
  if (!(parseEntry(crdEntry).metadata.finalizers ?? []).includes(cleanupFinalizer)) return;
  const remaining = [...collection.all()];
  if (remaining.length > 0) {
    await purgeObjects(api, resource ?? unservedResource(crdEntry.name, parseEntry(crdEntry)), remaining);
    // Objects with finalizers go later: the deletion of each brings this CRD back here.
    if (collection.size > 0) return;
  }
  const current = api.store.collection(crdStorage).newest(name);
  if (current === undefined) return;
  const crd = parseEntry(current);
  crd.metadata.finalizers = (crd.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
  if (crd.metadata.finalizers.length > 0) await api.store.put(crdStorage, crd, current.tag).durable;
  else await api.store.remove(crdStorage, current).durable;
}

async function purgeObjects(api: Api, resource: Resource | undefined, entries: Parameters<typeof deleteEntries>[2]): Promise<void> {
  if (resource === undefined) return;
  const undeleted = entries.filter((entry) => !entry.deleting);
  await deleteEntries(api, resource, undeleted, { dryRun: false, propagationPolicy: undefined, preconditions: {} });
}

/** A CRD whose names were never accepted has no resource, and can have no objects but those of an earlier life. */
function unservedResource(name: string, crd: KubeObject): Resource | undefined {
  return customResources(crd).find(({ storage }) => storage === name);
}
