/** The create verb. */
import { randomInt, randomUUID } from 'node:crypto';
import type { Api } from '../api.ts';
import { crdStorage } from '../custom/crd-hooks.ts';
import { trackUpdate } from '../fieldmanager/update.ts';
import { finalizerWarnings } from '../meta/finalizer-warnings.ts';
import { formatTime } from '../meta/normalize-metadata.ts';
import type { KubeObject } from '../object.ts';
import type { WriteOptions } from '../request/options.ts';
import { groupKindOf, groupResourceOf, type Resource, viewText } from '../resource.ts';
import { validateObjectMeta } from '../schema/object-meta.ts';
import { alreadyExists, badRequest, beingDeleted, generateNameConflict, invalid, methodNotAllowed, unexplained } from '../status.ts';
import { entryKey, serializeObject } from '../store/entry.ts';
import { checkNamespace } from './namespace-check.ts';
import type { ObjectResult } from './result.ts';

const nameAttempts = 8;
const longestGeneratedBase = 58;
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A create that passed every check: `commit` stores it, unless it was a dry run. */
export interface CreateRequest {
  readonly resource: Resource;
  readonly namespace: string;
  /** Decoded and pruned. The object is changed. */
  readonly object: KubeObject;
  readonly options: WriteOptions;
  readonly warnings: readonly string[];
  /** Set by an apply that creates: the object carries its managedFields already. */
  readonly managed?: boolean;
}

/** Stores a new object; resolves when it is durable. @throws StatusError 400, 403, 404, 409, 422 */
export async function createObject(api: Api, request: CreateRequest): Promise<ObjectResult> {
  const { resource, namespace, options } = request;
  const result = (text: string, warnings: readonly string[]): ObjectResult => ({ type: 'object', code: 201, resource, text, warnings });
  const object = prepare(api, request);
  const warnings = [...request.warnings, ...(resource.custom ? finalizerWarnings(object.metadata) : [])];
  const present = api.store.collection(resource.storage).newest(entryKey(namespace, object.metadata.name));
  if (present !== undefined) {
    throw (present.deleting ? beingDeleted : alreadyExists)(groupResourceOf(resource), object.metadata.name);
  }
  if (options.dryRun) return result(serializeObject(object), warnings);
  const write = api.store.put(resource.storage, resource.toStorage(object), resource.storageTag);
  await write.durable;
  return result(viewText(resource, write.entry), warnings);
}

function prepare(api: Api, request: CreateRequest): KubeObject {
  const { resource, namespace } = request;
  placeInNamespace(resource, request.object, namespace);
  delete request.object.metadata.deletionTimestamp;
  delete request.object.metadata.deletionGracePeriodSeconds;
  const object = track(api, request);
  const { metadata } = object;
  if (metadata.resourceVersion && request.managed !== true) throw unexplained('resourceVersion should not be set on objects to be created');
  if (metadata.name === '' && metadata.generateName !== undefined) generateName(api, resource, namespace, object);
  checkNamespace(api, resource, namespace, metadata.name);
  checkDefinition(api, resource);
  metadata.uid = randomUUID();
  metadata.creationTimestamp = formatTime(api.clock.now());
  delete metadata.selfLink;
  delete metadata.generation;
  Reflect.deleteProperty(metadata, 'resourceVersion');
  if (resource.hasGeneration) metadata.generation = 1;
  resource.prepare(object, '');
  const rules = { namespaced: resource.namespaced, checkName: resource.checkName, path: 'metadata' };
  const errors = [...validateObjectMeta(metadata, rules), ...resource.validate(object, '')];
  if (errors.length > 0) throw invalid(groupKindOf(resource), metadata.name, errors);
  api.hooks.get(resource.storage)?.complete?.(object);
  return object;
}

/** A CRD that is being deleted takes no new objects. */
function checkDefinition(api: Api, resource: Resource): void {
  if (!resource.custom || api.store.collection(crdStorage).newest(resource.storage)?.deleting !== true) return;
  throw methodNotAllowed(groupResourceOf(resource), 'create', 'create not allowed while custom resource definition is terminating');
}

/** Field managers see the object as the client meant it, before parts are put back that the write may not set. */
function track(api: Api, request: CreateRequest): KubeObject {
  const { resource, object } = request;
  if (request.managed === true) return object;
  return trackUpdate({
    updated: object,
    manager: request.options.fieldManager,
    schema: resource.schema,
    subresource: '',
    hasStatus: resource.hasStatus,
    custom: resource.custom,
    now: api.clock.now(),
  });
}

function placeInNamespace(resource: Resource, object: KubeObject, namespace: string): void {
  const given = object.metadata.namespace ?? '';
  if (!resource.namespaced) {
    if (given !== '') throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    return;
  }
  if (given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata.namespace = namespace;
}

function generateName(api: Api, resource: Resource, namespace: string, object: KubeObject): void {
  const base = (object.metadata.generateName ?? '').slice(0, longestGeneratedBase);
  for (let attempt = 0; attempt < nameAttempts; attempt += 1) {
    let name = base;
    for (let i = 0; i < 5; i += 1) name += suffixAlphabet[randomInt(suffixAlphabet.length)] ?? '';
    object.metadata.name = name;
    if (api.store.collection(resource.storage).newest(entryKey(namespace, name)) === undefined) return;
  }
  throw generateNameConflict(groupResourceOf(resource), object.metadata.name);
}
