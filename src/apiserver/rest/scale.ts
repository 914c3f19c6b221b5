/** Reading and writing through a scale subresource: a Scale is a view of an object, and writing it writes the object. */
import type { Api } from '../api.ts';
import { scaleOf, specReplicas, withSpecReplicas } from '../custom/scale.ts';
import { toObjectManagers, toScaleManagers } from '../fieldmanager/scale-managers.ts';
import { childObject, type KubeObject } from '../object.ts';
import type { WriteOptions } from '../request/options.ts';
import { apiVersionOf, type Resource, type Scaled, viewObject } from '../resource.ts';
import { jsonEqual } from '../schema/equality.ts';
import { goQuote } from '../schema/go-format.ts';
import { badRequest, internalError, unexplained } from '../status.ts';
import { type Entry, serializeObject } from '../store/entry.ts';
import { getObject } from './list.ts';
import type { ObjectResult } from './result.ts';
import { type Candidate, checkIdentity, storeUpdate, type Target, track } from './update.ts';

/** Stands for "not set" in a Scale that is to be patched: the smallest that its type can hold. */
const unset = -(2 ** 31);

/** Reads one object, or its Scale. @throws StatusError 404, 500 when it has no replicas, 504 */
export function getView(api: Api, target: Target, resourceVersion: number | undefined): ObjectResult {
  const { scaled } = target.resource;
  if (scaled !== undefined) {
    const { parent, paths } = scaled;
    const { text } = getObject(api, { ...target, resource: parent }, resourceVersion);
    if (specReplicas(JSON.parse(text) as KubeObject, paths) === undefined) {
      throw internalError(`the spec replicas field ${goQuote(paths.specReplicasPath)} does not exist`);
    }
  }
  return getObject(api, target, resourceVersion);
}

/** What a patch or an apply starts from. */
export function liveView(resource: Resource, entry: Entry): KubeObject {
  const { scaled } = resource;
  return scaled === undefined ? viewObject(resource, entry) : liveScale(scaled, resource, viewObject(scaled.parent, entry));
}

function liveScale({ paths }: Scaled, resource: Resource, live: KubeObject): KubeObject {
  const scale = scaleOf(live, paths);
  const managedFields = toScaleManagers(live.metadata.managedFields ?? [], paths.spec, apiVersionOf(resource));
  if (managedFields.length > 0) scale.metadata.managedFields = managedFields;
  if (specReplicas(live, paths) === undefined) scale['spec'] = { replicas: unset };
  return scale;
}

/**
 * kube-apiserver cannot carry out a server-side apply of a custom resource's Scale (1.36 and before): it finds conflicts, and fails
 * where it would have to begin or to change something. Nobody shall rely here on what fails there.
 * @param merged what the apply leads to; left out before that is known
 * @throws StatusError 500
 */
export function refuseScaleApply(live: KubeObject, merged?: KubeObject): void {
  const { apiVersion, kind, metadata } = live;
  const fault = (what: string): Error =>
    unexplained(`failed to ${what} to proper version: request to convert CR to an invalid group/version: ${apiVersion}`);
  if (merged === undefined) {
    if (metadata.managedFields !== undefined) return;
    throw fault(`create manager for existing fields: failed to convert live object (/; ${apiVersion}, Kind=${kind})`);
  }
  if (!jsonEqual(live['spec'] ?? null, merged['spec'] ?? null) || !jsonEqual(live['status'] ?? null, merged['status'] ?? null)) {
    throw fault(`convert new object (/${metadata.name}; ${apiVersion}, Kind=${kind})`);
  }
}

/** Stores what a write wants, of an object or of its Scale; resolves when durable. @throws StatusError 400, 409, 422 */
export async function storeCandidate(
  api: Api,
  target: Target,
  entry: Entry,
  candidate: Candidate,
  options: WriteOptions,
): Promise<ObjectResult> {
  const { resource } = target;
  const { scaled } = resource;
  if (scaled === undefined) return storeUpdate(api, target, entry, candidate, options);
  const { parent, paths } = scaled;
  const live = viewObject(parent, entry);
  const parentTarget: Target = { ...target, resource: parent, subresource: '' };
  checkIdentity(parentTarget, live, candidate);
  const scale = track(api, { resource, subresource: 'scale' }, liveScale(scaled, resource, live), candidate, options);
  const replicas = childObject(scale, 'spec')?.['replicas'] ?? 0;
  if (replicas === unset) throw badRequest(`the spec replicas field ${goQuote(paths.specReplicasPath)} cannot be empty`);
  const object = withSpecReplicas(live, paths, Number(replicas));
  const managedFields = toObjectManagers(
    live.metadata.managedFields ?? [],
    scale.metadata.managedFields ?? [],
    paths.spec,
    apiVersionOf(parent),
  );
  if (managedFields.length > 0) object.metadata.managedFields = managedFields;
  else delete object.metadata.managedFields;
  const written: Candidate = { object, warnings: candidate.warnings, managed: true, unconditional: true };
  const result = await storeUpdate(api, parentTarget, entry, written, options);
  return { ...result, resource, text: serializeObject(scaleOf(JSON.parse(result.text) as KubeObject, paths)) };
}
