/** What update, patch and apply share: from the live object and a candidate to a stored object, or to nothing when nothing changed. */
import type { Api } from '../api.ts';
import { invalid as invalidField } from '../field-error.ts';
import { keepTimesOfNoop } from '../fieldmanager/noop.ts';
import { trackUpdate } from '../fieldmanager/update.ts';
import { finalizerWarnings } from '../meta/finalizer-warnings.ts';
import type { JsonObject, KubeObject, ObjectMeta } from '../object.ts';
import type { WriteOptions } from '../request/options.ts';
import { groupKindOf, groupResourceOf, type Resource, viewObject, viewText } from '../resource.ts';
import { jsonEqual } from '../schema/equality.ts';
import { validateObjectMetaUpdate } from '../schema/object-meta.ts';
import { goQuote } from '../schema/go-format.ts';
import { badRequest, conflict, invalid, notFound, unexplained } from '../status.ts';
import { type Entry, entryKey, serializeObject } from '../store/entry.ts';
import type { ObjectResult } from './result.ts';

export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  /** '' or e.g. `status`. */
  readonly subresource: string;
}

/** The object that a write wants, made from the live one. */
export interface Candidate {
  /** Decoded and pruned; the object is changed. */
  readonly object: KubeObject;
  readonly warnings: readonly string[];
  /** An apply's: managedFields are settled already. */
  readonly managed?: boolean;
  /** A PUT's: its UID, if it has one, is a precondition. */
  readonly replaces?: boolean;
  /** Whether a missing resourceVersion means "whatever is there". */
  readonly unconditional: boolean;
}

/** The newest entry of the target, durable or not. @throws StatusError 404 */
export function requireEntry(api: Api, target: Target): Entry {
  const entry = api.store.collection(target.resource.storage).newest(entryKey(target.namespace, target.name));
  if (entry === undefined) throw notFound(groupResourceOf(target.resource), target.name);
  return entry;
}

/** Judges `candidate` against the live object and stores it; resolves when durable. @throws StatusError 400, 409, 422 */
export async function storeUpdate(
  api: Api,
  target: Target,
  entry: Entry,
  candidate: Candidate,
  options: WriteOptions,
): Promise<ObjectResult> {
  const { resource } = target;
  const live = viewObject(resource, entry);
  const object = keepTimesOfNoop(live, settle(api, target, live, candidate, options));
  const warnings = [...candidate.warnings, ...(resource.custom && target.subresource === '' ? finalizerWarnings(object.metadata) : [])];
  const result = (text: string): ObjectResult => ({ type: 'object', code: 200, resource, text, warnings });
  if (jsonEqual(live, object)) {
    // Nothing to write; but what is there already may still be on its way to the disk.
    await api.store.confirm(entry);
    return result(viewText(resource, entry));
  }
  if (options.dryRun) return result(serializeObject(object));
  const { metadata } = object;
  const done = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
  const stored = resource.toStorage(object);
  const text = serializeObject(object);
  if (done && (api.hooks.get(resource.storage)?.mayRemove?.(stored) ?? true)) {
    const write = api.store.remove(resource.storage, entry, stored);
    await write.durable;
    return result(text);
  }
  const write = api.store.put(resource.storage, stored, resource.storageTag);
  await write.durable;
  return result(viewText(resource, write.entry));
}

function settle(api: Api, target: Target, live: KubeObject, candidate: Candidate, options: WriteOptions): KubeObject {
  const { resource } = target;
  checkIdentity(target, live, candidate);
  const object = track(api, target, live, candidate, options);
  const { metadata } = object;
  metadata.resourceVersion = live.metadata.resourceVersion;
  metadata.namespace ??= live.metadata.namespace ?? '';
  if (metadata.namespace === '') delete metadata.namespace;
  if (metadata.uid === '' || !Object.hasOwn(metadata, 'uid')) metadata.uid = live.metadata.uid;
  metadata.creationTimestamp = live.metadata.creationTimestamp;
  copyOrDrop(metadata, live.metadata, 'generation');
  if (live.metadata.deletionTimestamp !== undefined || metadata.deletionTimestamp === undefined) {
    copyOrDrop(metadata, live.metadata, 'deletionTimestamp');
    copyOrDrop(metadata, live.metadata, 'deletionGracePeriodSeconds');
  }
  if (live.metadata.generateName !== undefined) metadata.generateName ??= live.metadata.generateName;
  delete metadata.selfLink;
  resource.prepare(object, target.subresource, live);
  if (resource.hasGeneration && target.subresource === '' && contentChanged(resource, live, object)) {
    metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  // Not `metadata`: a write to a subresource has put the stored metadata back.
  const faults = validateObjectMetaUpdate(object.metadata, live.metadata);
  // Told twice, as kube-apiserver does: once by the registry and once by the kind's own rules.
  const errors = [...faults, ...faults, ...resource.validate(object, target.subresource, live)];
  if (errors.length > 0) throw invalid(groupKindOf(resource), target.name, errors);
  api.hooks.get(resource.storage)?.complete?.(object);
  return object;
}

/** Field managers see the object as the client meant it, before parts are put back that the write may not set. */
export function track(
  api: Api,
  target: Pick<Target, 'resource' | 'subresource'>,
  live: KubeObject,
  candidate: Candidate,
  options: WriteOptions,
): KubeObject {
  const { resource, subresource } = target;
  if (candidate.managed === true) return candidate.object;
  return trackUpdate({
    live,
    updated: candidate.object,
    manager: options.fieldManager,
    schema: resource.schema,
    subresource,
    hasStatus: resource.hasStatus,
    custom: resource.custom,
    now: api.clock.now(),
  });
}

/** Refuses an object that is not named as the path says. @throws StatusError 400 */
export function checkPath(target: Target, wanted: KubeObject, namespaceFault: (given: string) => string): void {
  const { name, namespace } = target;
  const { metadata } = wanted;
  if (metadata.name !== name) {
    throw badRequest(
      metadata.name === ''
        ? `the name of the object (${name} based on URL) was undeterminable: name must be provided`
        : `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  const given = metadata.namespace ?? '';
  if (given !== '' && given !== namespace) throw badRequest(namespaceFault(given));
}

/** Refuses a write that is meant for another version of the object, or for another object. @throws StatusError 409, 422 */
export function checkIdentity(target: Target, live: KubeObject, candidate: Candidate): void {
  const { resource, name } = target;
  const { metadata } = candidate.object;
  const group = groupResourceOf(resource);
  const uid = Object.hasOwn(metadata, 'uid') ? metadata.uid : '';
  if (candidate.replaces === true && uid !== '' && uid !== live.metadata.uid) {
    const problem = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
    throw conflict(
      group,
      name,
      `StorageError: invalid object, Code: 4, Key: ${storageKey(target)}, ResourceVersion: 0, AdditionalErrorMsg: ${problem}`,
    );
  }
  const version = Object.hasOwn(metadata, 'resourceVersion') ? metadata.resourceVersion : '';
  if (version === '' || version === '0') {
    if (candidate.unconditional) return;
    const fault = invalidField('metadata.resourceVersion', 0, 'must be specified for an update');
    throw invalid({ group: group.group, kind: group.resource }, name, [fault]);
  }
  if (!/^\d{1,20}$/.test(version)) throw unexplained(`strconv.ParseUint: parsing ${goQuote(version)}: invalid syntax`);
  if (version !== live.metadata.resourceVersion) throw conflict(group, name);
}

/** Where a real server would keep the object in etcd; it shows in a message. */
function storageKey({ resource, namespace, name }: Target): string {
  const plural = resource.storage === 'nodes' ? 'minions' : resource.plural;
  const parts = resource.custom || resource.storage.endsWith('apiextensions.k8s.io') ? [resource.group, plural] : [plural];
  return ['/registry', ...parts, ...(namespace === '' ? [] : [namespace]), name].join('/');
}

function copyOrDrop(to: ObjectMeta, from: ObjectMeta, field: 'generation' | 'deletionTimestamp' | 'deletionGracePeriodSeconds'): void {
  const { [field]: value } = from;
  if (value === undefined) Reflect.deleteProperty(to, field);
  else Object.assign(to, { [field]: value });
}

function contentChanged(resource: Resource, live: KubeObject, object: KubeObject): boolean {
  const content = (from: KubeObject): JsonObject => {
    const { metadata: _metadata, ...rest } = from;
    if (resource.hasStatus) Reflect.deleteProperty(rest, 'status');
    return rest;
  };
  return !jsonEqual(content(live), content(object));
}
