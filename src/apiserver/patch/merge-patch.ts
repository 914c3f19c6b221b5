/** JSON merge patch, RFC 7386. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { setOwn } from '../schema/own.ts';

/** `target` changed by `patch`; neither is changed, the result may share values with both. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = {};
  if (isJsonObject(target)) {
    for (const [key, value] of Object.entries(target)) if (!Object.hasOwn(patch, key)) setOwn(result, key, value);
  }
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) continue;
    const old = isJsonObject(target) && Object.hasOwn(target, key) ? target[key] : undefined;
    setOwn(result, key, mergePatch(old ?? null, change));
  }
  return result;
}
