/** The update verb (PUT). */
import type { Api } from '../api.ts';
import type { KubeObject } from '../object.ts';
import type { WriteOptions } from '../request/options.ts';
import { groupResourceOf } from '../resource.ts';
import { notFound } from '../status.ts';
import { entryKey } from '../store/entry.ts';
import { createObject } from './create.ts';
import type { ObjectResult } from './result.ts';
import { storeCandidate } from './scale.ts';
import { checkPath, type Target } from './update.ts';

/** Replaces an object. @throws StatusError 400, 404, 409, 422 */
export async function updateObject(
  api: Api,
  target: Target,
  object: KubeObject,
  options: WriteOptions,
  warnings: readonly string[],
): Promise<ObjectResult> {
  const { resource, namespace, name } = target;
  checkPath(target, object, (given) =>
    resource.scaled === undefined
      ? `the namespace of the object (${given}) does not match the namespace on the request (${namespace})`
      : 'the namespace of the provided object does not match the namespace sent on the request',
  );
  const entry = api.store.collection(resource.storage).newest(entryKey(namespace, name));
  if (entry === undefined) {
    if (!resource.createOnUpdate || target.subresource !== '') throw notFound(groupResourceOf(resource), name);
    return createObject(api, { resource, namespace, object, options, warnings });
  }
  return storeCandidate(api, target, entry, { object, warnings, replaces: true, unconditional: resource.unconditionalUpdate }, options);
}
