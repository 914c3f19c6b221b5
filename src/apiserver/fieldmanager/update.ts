/** managedFields kept by every write that is not an apply. */
import { emptyObject } from '../builtin/decode.ts';
import type { TypeSchema } from '../builtin/type-schema.ts';
import type { JsonObject, KubeObject, ManagedFieldsEntry } from '../object.ts';
import { capUpdaters } from './cap-updaters.ts';
import { difference, isEmpty, union } from './field-set.ts';
import {
  decodeManaged,
  encodeManaged,
  entryTime,
  identityKey,
  ofGroup,
  type Managed,
  type ManagedSet,
  type ManagerIdentity,
} from './managed.ts';
import { resetFields, unmanagedFields } from './request-fields.ts';
import { rootRef, UnkeyedItem } from './type-ref.ts';
import { updateManagers } from './updater.ts';

export interface UpdateRequest {
  /** The stored object in the request's version; absent for a create. */
  readonly live?: KubeObject;
  /** The object about to be stored, after patching, defaulting and pruning; its managedFields are those the client sent. */
  readonly updated: KubeObject;
  /** The fieldManager parameter, or what `defaultManager` makes of the user agent. */
  readonly manager: string;
  readonly schema: TypeSchema;
  /** '' for the main resource, else e.g. `status`. */
  readonly subresource: string;
  readonly hasStatus: boolean;
  /** Whether a CRD made the resource: then a write of its status cannot change metadata either. */
  readonly custom: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Returns `updated` with the managedFields that the write leads to; arguments stay unchanged. Call it before fields are put
 * back that this write may not change. Where ownership cannot be worked out the result has no managedFields.
 */
export function trackUpdate(request: UpdateRequest): KubeObject {
  const { live, updated } = request;
  const managed = startingPoint(request);
  // An object that nobody manages stays so until somebody applies; a new one is managed from the start.
  if (managed.size === 0 && live !== undefined) return withManaged(updated, []);
  try {
    const identity: ManagerIdentity = {
      manager: request.manager === '' ? 'unknown' : request.manager,
      operation: 'Update',
      apiVersion: updated.apiVersion,
      subresource: request.subresource,
    };
    return withManaged(
      updated,
      encodeManaged(
        capUpdaters(addUpdate(live ?? emptyObject(request.schema), updated, ofGroup(managed, updated.apiVersion), identity, request)),
      ),
    );
  } catch (error) {
    // A list item without its keys can be stored where no validation forbids it, but not owned.
    if (error instanceof UnkeyedItem) return withManaged(updated, []);
    throw error;
  }
}

/** `managed` after `identity` turned `live` into `updated`; `live` is an emptyObject for what is new. */
export function addUpdate(
  live: JsonObject,
  updated: JsonObject,
  managed: Managed,
  identity: ManagerIdentity,
  request: Pick<UpdateRequest, 'schema' | 'subresource' | 'hasStatus' | 'custom' | 'now'>,
): Managed {
  const context = {
    ref: rootRef(request.schema),
    resetFields: resetFields(request.subresource, request.hasStatus, request.custom),
  };
  const result = updateManagers(withoutManagedFields(live), withoutManagedFields(updated), managed, context);
  const own = difference(result.own, unmanagedFields());
  if (isEmpty(own)) return result.managed;
  const key = identityKey(identity);
  const previous = result.managed.get(key);
  const entry: ManagedSet = {
    identity,
    fields: previous === undefined ? own : union(own, previous.fields),
    time: entryTime(request.now),
  };
  return new Map(result.managed).set(key, entry);
}

/** The managers as the client sends them, which may edit them; as stored when it sends none or through a subresource. */
function startingPoint({ live, updated, subresource, custom }: UpdateRequest): Managed {
  const stored = decodeManaged(live?.metadata.managedFields ?? []) ?? new Map<string, ManagedSet>();
  if (subresource !== '') return stored;
  const sent = updated.metadata.managedFields;
  if (sent !== undefined && isReset(sent, custom)) return new Map();
  const decoded = decodeManaged(sent ?? []);
  return decoded === undefined || decoded.size === 0 ? stored : decoded;
}

/** `[{}]` asks for all managers to be forgotten, and so does `[]`, but not on a custom resource: there it counts as unset. */
function isReset(sent: readonly ManagedFieldsEntry[], custom: boolean): boolean {
  const [first] = sent;
  return first === undefined ? !custom : sent.length === 1 && Object.keys(first).length === 0;
}

/** `object` with these managedFields, and without any when there are none. */
export function withManaged(object: KubeObject, managedFields: ManagedFieldsEntry[]): KubeObject {
  const { managedFields: _old, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}

function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = object.metadata;
  if (metadata === undefined || metadata === null || typeof metadata !== 'object' || Array.isArray(metadata)) return object;
  const { managedFields: _old, ...rest } = metadata;
  return { ...object, metadata: rest };
}
