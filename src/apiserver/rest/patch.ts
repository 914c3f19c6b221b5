/** The patch verb: merge, JSON and strategic merge patches, and server-side apply. */
import type { Api } from '../api.ts';
import { invalid as invalidField } from '../field-error.ts';
import { serverSideApply } from '../fieldmanager/apply.ts';
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { applyPatch, type PatchType } from '../patch/apply-patch.ts';
import { goPlain } from '../patch/go-plain.ts';
import type { WriteOptions } from '../request/options.ts';
import { apiVersionOf, groupKindOf, groupResourceOf, type Resource } from '../resource.ts';
import { badRequest, invalid, notFound, StatusError, unsupportedMediaType } from '../status.ts';
import { entryKey } from '../store/entry.ts';
import { createObject } from './create.ts';
import { type Decoded, decodeObject, unknownFieldMessages } from './decode.ts';
import type { ObjectResult } from './result.ts';
import { liveView, refuseScaleApply, storeCandidate } from './scale.ts';
import { checkPath, requireEntry, type Target } from './update.ts';

const patchTypes: Readonly<Record<string, PatchType | 'apply'>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** The kind of patch a content type announces. @throws StatusError 415 for one the resource does not take */
export function patchTypeOf(resource: Resource, contentType: string): PatchType | 'apply' {
  const type = Object.hasOwn(patchTypes, contentType) ? patchTypes[contentType] : undefined;
  if (type === undefined || (type === 'strategic' && resource.custom)) {
    throw unsupportedMediaType(Object.keys(patchTypes).filter((name) => !resource.custom || patchTypes[name] !== 'strategic'));
  }
  return type;
}

/** Applies a merge, JSON or strategic merge patch. @throws StatusError 400, 404, 409, 422 */
export async function patchObject(
  api: Api,
  target: Target,
  type: PatchType,
  patch: Json,
  options: WriteOptions,
  duplicates: readonly string[],
): Promise<ObjectResult> {
  const { resource } = target;
  const entry = requireEntry(api, target);
  const live = liveView(resource, entry);
  const patched = applyPatch(type, live, patch, resource.schema);
  // Refusals quote a strategic merge patch itself, of the others their result.
  const text = type === 'strategic' ? goPlain(patch) : JSON.stringify(sortKeys(patched));
  const { object, unknown } = decodePatched(resource, patched, text);
  checkPath(target, object, () => 'the namespace of the provided object does not match the namespace sent on the request');
  const problems = [...duplicates, ...unknownFieldMessages(unknown)];
  if (options.fieldValidation === 'Strict' && problems.length > 0) {
    throw invalid({ group: '', kind: '' }, '', [invalidField('patch', text, `strict decoding error: ${problems.join(', ')}`)]);
  }
  const warnings = options.fieldValidation === 'Warn' ? problems : [];
  return storeCandidate(api, target, entry, { object, warnings, unconditional: true }, options);
}

/** Server-side apply: creates the object if it is not there. @throws StatusError 400, 404, 409, 422 */
export async function applyObject(
  api: Api,
  target: Target,
  applied: Json,
  options: WriteOptions,
  duplicates: readonly string[],
): Promise<ObjectResult> {
  const { resource, namespace, name } = target;
  if (!isJsonObject(applied)) {
    const kind = Array.isArray(applied) ? 'array' : applied === null ? 'null' : typeof applied === 'boolean' ? 'bool' : typeof applied;
    const target = 'Go value of type map[string]interface {}';
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into ${target}`);
  }
  checkAppliedKind(resource, applied);
  if (options.fieldValidation === 'Strict' && duplicates.length > 0)
    throw badRequest(`error strict decoding YAML: ${duplicates.join(', ')}`);
  const entry = api.store.collection(resource.storage).newest(entryKey(namespace, name));
  if (entry === undefined && target.subresource !== '') throw notFound(groupResourceOf(resource), name);
  placeApplied(target, applied);
  const live = entry === undefined ? undefined : liveView(resource, entry);
  if (live !== undefined && resource.scaled !== undefined) refuseScaleApply(live);
  const merged = serverSideApply({
    ...(live !== undefined && { live }),
    applied,
    manager: options.fieldManager,
    force: options.force ?? false,
    schema: resource.schema,
    subresource: target.subresource,
    hasStatus: resource.hasStatus,
    custom: resource.custom,
    now: api.clock.now(),
  });
  if (live !== undefined && resource.scaled !== undefined) refuseScaleApply(live, merged);
  const { object, unknown } = decodeObject(resource, merged);
  const problems = [...duplicates, ...unknownFieldMessages(unknown)];
  if (options.fieldValidation === 'Strict' && unknown.length > 0) throw badRequest(`strict decoding error: ${problems.join(', ')}`);
  const warnings = options.fieldValidation === 'Warn' ? problems : [];
  if (entry === undefined) {
    const { uid } = object.metadata;
    if (Object.hasOwn(object.metadata, 'uid') && uid !== '') {
      const fault = invalidField('metadata.uid', uid, 'field is immutable');
      throw invalid(groupKindOf(resource), name, [fault, fault]);
    }
    return createObject(api, { resource, namespace, object, options, warnings, managed: true });
  }
  return storeCandidate(api, target, entry, { object, warnings, managed: true, unconditional: true }, options);
}

/** Decodes the outcome of a patch; what is wrong with it is the patch's fault. @throws StatusError 400, 422 */
function decodePatched(resource: Resource, patched: JsonObject, text: string): Decoded {
  try {
    return decodeObject(resource, patched, text);
  } catch (error) {
    const prefix = `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: `;
    if (!(error instanceof StatusError) || !error.message.startsWith(prefix)) throw error;
    throw invalid({ group: '', kind: '' }, '', [invalidField('patch', text, error.message.slice(prefix.length))]);
  }
}

/** A copy with the keys of every object in order, as kube-apiserver prints objects in messages. */
function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}

function checkAppliedKind(resource: Resource, applied: { [key: string]: Json }): void {
  const expected = apiVersionOf(resource);
  const { apiVersion, kind } = applied;
  if (typeof apiVersion !== 'string' || apiVersion === '') throw badRequest('invalid object type: /, Kind=');
  if (apiVersion !== expected || kind !== resource.kind) {
    throw badRequest(`invalid object type: ${apiVersion}, Kind=${typeof kind === 'string' ? kind : ''}`);
  }
}

function placeApplied(target: Target, applied: { [key: string]: Json }): void {
  const given = Object.hasOwn(applied, 'metadata') ? applied['metadata'] : undefined;
  const metadata = isJsonObject(given) ? given : {};
  applied['metadata'] = metadata;
  const { name, namespace } = metadata;
  if (name !== undefined && name !== null && name !== target.name) {
    throw badRequest(
      `the name of the object (${JSON.stringify(name).replaceAll('"', '')}) does not match the name on the URL (${target.name})`,
    );
  }
  metadata['name'] = target.name;
  if (!target.resource.namespaced) return;
  if (namespace !== undefined && namespace !== null && namespace !== target.namespace) {
    throw badRequest(
      `the namespace of the object (${JSON.stringify(namespace).replaceAll('"', '')}) does not match the namespace on the request (${target.namespace})`,
    );
  }
}
