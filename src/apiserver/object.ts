/**
 * The JSON shapes every part of the API server handles.
 * All are type aliases, not interfaces, so that a KubeObject can be handed to code that walks plain JsonObject.
 */

/** A value that came out of, or can go into, a JSON text. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object. Keys come from callers: look them up with Object.hasOwn, never with `in`. */
export type JsonObject = { [key: string]: Json };

/** One owner of an object, as the garbage collector reads it. */
export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

/** Who set which fields; `fieldsV1` is the set in the FieldsV1 notation. */
export type ManagedFieldsEntry = {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: 'FieldsV1';
  fieldsV1?: JsonObject;
  subresource?: string;
};

/** metadata of a stored object; times are RFC 3339 with whole seconds, in UTC. */
export type ObjectMeta = {
  name: string;
  generateName?: string;
  namespace?: string;
  selfLink?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
};

/** Any object the API serves. */
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: Json;
};

/** Whether `value` is a JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own property `key` of `object` if that is a text, else ''. */
export function childText(object: JsonObject | undefined, key: string): string {
  const child = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof child === 'string' ? child : '';
}

/** The own property `key` of `object` if that is a JSON object, else undefined. */
export function childObject(object: JsonObject, key: string): JsonObject | undefined {
  const child = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(child) ? child : undefined;
}
