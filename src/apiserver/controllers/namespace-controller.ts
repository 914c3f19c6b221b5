/** Empties namespaces that are being deleted, then lets them go. */
import type { Api } from '../api.ts';
import { formatTime } from '../meta/normalize-metadata.ts';
import { childObject, isJsonObject, type JsonObject, type KubeObject } from '../object.ts';
import { deleteEntries } from '../rest/delete.ts';
import { namespaceStorage } from '../rest/namespace-check.ts';
import { jsonEqual } from '../schema/equality.ts';
import { type Entry, parseEntry } from '../store/entry.ts';
import { namespaceFinalizers } from './namespace-hooks.ts';
import { startWorkLoop, type WorkLoop } from './work-loop.ts';

const ownFinalizer = 'kubernetes';

/** Starts the controller; its owner closes the loop. */
export function startNamespaceController(api: Api): WorkLoop {
  const loop = startWorkLoop({ name: 'namespace', clock: api.clock, log: api.log, work: (name) => reconcile(api, name) });
  const namespaces = api.store.collection(namespaceStorage);
  const stop = api.store.listen((storage, event) => {
    if (storage === namespaceStorage) {
      if (event.type !== 'DELETED' && event.entry.deleting) loop.add(event.entry.name);
    } else if (event.type === 'DELETED' && event.entry.namespace !== '' && namespaces.newest(event.entry.namespace)?.deleting === true) {
      loop.add(event.entry.namespace);
    }
  });
  for (const entry of namespaces.all()) if (entry.deleting) loop.add(entry.name);
  return {
    ...loop,
    close() {
      stop();
      return loop.close();
    },
  };
}

async function reconcile(api: Api, name: string): Promise<void> {
  const namespaces = api.store.collection(namespaceStorage);
  const entry = namespaces.newest(name);
  if (entry?.deleting !== true) return;
  if (!namespaceFinalizers(parseEntry(entry)).includes(ownFinalizer)) return;
  const prefix = `${name}/`;
  const remaining: { storage: string; entries: Entry[] }[] = [];
  for (const [storage, resource] of api.registry.storages()) {
    if (!resource.namespaced) continue;
    const contents = (): Entry[] => api.store.collection(storage).snapshot(Infinity, prefix);
    const toDelete = contents().filter((content) => !content.deleting);
    await deleteEntries(api, resource, toDelete, { dryRun: false, propagationPolicy: 'Background', preconditions: {} });
    const left = contents();
    if (left.length > 0) remaining.push({ storage, entries: left });
  }
  const current = namespaces.newest(name);
  if (current === undefined) return;
  const namespace = parseEntry(current);
  if (remaining.length > 0) {
    // What is held by finalizers goes later: the deletion of each object brings this namespace back here.
    setConditions(namespace, remaining, api.clock.now());
    if (!jsonEqual(namespace, parseEntry(current))) await api.store.put(namespaceStorage, namespace, current.tag).durable;
    return;
  }
  const finalizers = namespaceFinalizers(namespace).filter((finalizer) => finalizer !== ownFinalizer);
  namespace['spec'] = { ...childObject(namespace, 'spec'), finalizers };
  const gone = finalizers.length === 0 && (namespace.metadata.finalizers ?? []).length === 0;
  if (gone) await api.store.remove(namespaceStorage, current).durable;
  else await api.store.put(namespaceStorage, namespace, current.tag).durable;
}

function setConditions(namespace: KubeObject, remaining: readonly { storage: string; entries: readonly Entry[] }[], now: number): void {
  const resources = remaining.map(({ storage, entries }) => `${storage} has ${entries.length} resource instances`);
  const finalizers = new Map<string, number>();
  for (const { entries } of remaining) {
    for (const entry of entries) {
      for (const finalizer of parseEntry(entry).metadata.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    }
  }
  const waiting = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  setCondition(namespace, 'NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${resources.join(', ')}`, now);
  setCondition(
    namespace,
    'NamespaceFinalizersRemaining',
    'SomeFinalizersRemain',
    `Some content in the namespace has finalizers remaining: ${waiting.join(', ')}`,
    now,
  );
}

function setCondition(namespace: KubeObject, type: string, reason: string, message: string, now: number): void {
  const status = childObject(namespace, 'status') ?? {};
  const conditions: JsonObject[] = Array.isArray(status['conditions']) ? status['conditions'].filter(isJsonObject) : [];
  const index = conditions.findIndex((condition) => condition['type'] === type);
  const since = conditions[index]?.['lastTransitionTime'] ?? formatTime(now);
  const next = { lastTransitionTime: since, message, reason, status: 'True', type };
  namespace['status'] = { ...status, conditions: index < 0 ? [...conditions, next] : conditions.with(index, next) };
}
