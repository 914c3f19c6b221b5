/** Brings metadata a client sent into the form the typed decoder would leave: empty fields unset, times in UTC with whole seconds. */
import { isJsonObject, type Json, type JsonObject } from '../object.ts';

const times: ReadonlySet<string> = new Set(['creationTimestamp', 'deletionTimestamp']);
const ownerTexts = ['apiVersion', 'kind', 'name', 'uid'] as const;

/** Changes `metadata`, whose types must have been checked, in place. */
export function normalizeMetadata(metadata: JsonObject): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (isUnset(value, key)) Reflect.deleteProperty(metadata, key);
    else if (times.has(key) && typeof value === 'string') metadata[key] = formatTime(Date.parse(value));
    else if ((key === 'labels' || key === 'annotations') && isJsonObject(value)) nullsToEmpty(value);
    else if (key === 'ownerReferences' && Array.isArray(value)) metadata[key] = value.filter(isJsonObject).map(normalizeOwner);
  }
}

function isUnset(value: Json, key: string): boolean {
  if (value === null || value === '') return true;
  // An empty list of managed fields is a request to reset them.
  if (Array.isArray(value)) return value.length === 0 && key !== 'managedFields';
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function nullsToEmpty(map: JsonObject): void {
  for (const [key, value] of Object.entries(map)) if (value === null) map[key] = '';
}

function normalizeOwner(owner: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key of ownerTexts) result[key] = owner[key] ?? '';
  for (const key of ['controller', 'blockOwnerDeletion']) {
    const value = owner[key];
    if (value !== undefined && value !== null) result[key] = value;
  }
  return result;
}

/** RFC 3339 in UTC with whole seconds, as metadata carries times; `now` is milliseconds since the epoch. */
export function formatTime(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}
