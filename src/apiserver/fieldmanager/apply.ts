/** Server-side apply. */
import { emptyObject } from '../builtin/decode.ts';
import type { TypeSchema } from '../builtin/type-schema.ts';
import { isJsonObject, type JsonObject, type KubeObject } from '../object.ts';
import { jsonEqual } from '../schema/equality.ts';
import { applyConflict, badRequest, StatusError } from '../status.ts';
import { conflictCauses, conflictMessage } from './conflict-message.ts';
import { difference, has, isEmpty, setOf } from './field-set.ts';
import { clientSideApplied, lastAppliedAnnotation, lastAppliedText } from './last-applied.ts';
import { decodeManaged, encodeManaged, entryTime, identityKey, ofGroup, type Managed, type ManagerIdentity } from './managed.ts';
import { resetFields, unmanagedFields } from './request-fields.ts';
import { rootRef, UnkeyedItem, type TypeRef } from './type-ref.ts';
import { addUpdate, withManaged } from './update.ts';
import { ApplyConflicts, applyConfiguration, type ApplyResult } from './updater.ts';
import { joinErrors, validateTyped } from './validate.ts';

export interface ApplyRequest {
  /** The stored object in the request's version; absent when the apply creates it. */
  readonly live?: KubeObject;
  /** The body of the request, decoded; that it is of the requested kind is known. */
  readonly applied: JsonObject;
  /** The fieldManager parameter. */
  readonly manager: string;
  /** Take ownership of conflicting fields. */
  readonly force: boolean;
  /** The schema of the whole object; its metadata may be left out. */
  readonly schema: TypeSchema;
  /** '' for the main resource, else e.g. `status`. */
  readonly subresource: string;
  /** Whether the type has a status subresource: then `status` is not the main resource's to own. */
  readonly hasStatus: boolean;
  /** Whether a CRD made the resource: then an apply of its status cannot own metadata either. */
  readonly custom: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Merges `applied` into `live` and returns the new object with its managedFields; arguments stay unchanged. The result is not
 * yet defaulted, nor are fields put back that this request may not write.
 * Throws StatusError: 409 with a FieldManagerConflict cause for each field another manager holds with another value, 400 for a
 * body with managedFields, 500 for one that does not fit its schema.
 */
export function serverSideApply(request: ApplyRequest): KubeObject {
  const { applied, live, manager, now } = request;
  checkBody(request);
  const ref = rootRef(request.schema);
  const base = live ?? ({ metadata: {}, ...emptyObject(request.schema), apiVersion: applied.apiVersion, kind: applied.kind } as KubeObject);
  const { object: start, managed } = startManaging(base, request);
  const identity: ManagerIdentity = { manager, operation: 'Apply', apiVersion: base.apiVersion, subresource: request.subresource };
  const result = applyOrRefuse(start, managed, identity, ref, request);
  const changed = !jsonEqual(start, result.object);
  const object = changed ? (result.object as KubeObject) : start;
  if (manager === 'kubectl' && (object.metadata.annotations?.[lastAppliedAnnotation] ?? '') !== '') {
    object.metadata = {
      ...object.metadata,
      annotations: { ...object.metadata.annotations, [lastAppliedAnnotation]: lastAppliedText(applied) },
    };
  }
  return withManaged(object, encodeManaged(finish(result.managed, identity, changed ? entryTime(now) : undefined)));
}

function checkBody({ applied, schema }: ApplyRequest): void {
  const metadata = isJsonObject(applied.metadata) ? applied.metadata : {};
  if (Array.isArray(metadata.managedFields)) throw badRequest('metadata.managedFields must be nil');
  const errors = validateTyped(applied, rootRef(schema));
  if (errors.length > 0) {
    const [namespace, name] = [metadata.namespace, metadata.name].map((value) => (typeof value === 'string' ? value : ''));
    throw serverError(`failed to create typed patch object (${namespace}/${name}; ${gvkText(applied)}): ${joinErrors(errors)}`);
  }
}

/** `/v1, Kind=Node`, `apps/v1, Kind=Deployment`. */
function gvkText({ apiVersion, kind }: JsonObject): string {
  const version = typeof apiVersion === 'string' ? apiVersion : '';
  return `${version.includes('/') ? version : `/${version}`}, Kind=${typeof kind === 'string' ? kind : ''}`;
}

/** The live object without its managedFields, and these; where it has none, an entry for what is there before the first apply. */
function startManaging(live: KubeObject, request: ApplyRequest): { object: KubeObject; managed: Managed } {
  const managed = decodeManaged(live.metadata.managedFields ?? []);
  if (managed === undefined) throw serverError('failed to decode managed fields');
  const object = withManaged(live, []);
  if (managed.size > 0 || request.live === undefined) return { object, managed: ofGroup(managed, live.apiVersion) };
  const identity: ManagerIdentity = {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion: live.apiVersion,
    subresource: request.subresource,
  };
  return { object, managed: addUpdate(emptyObject(request.schema), object, managed, identity, request) };
}

function applyOrRefuse(live: KubeObject, managed: Managed, identity: ManagerIdentity, ref: TypeRef, request: ApplyRequest): ApplyResult {
  const context = { ref, resetFields: resetFields(request.subresource, request.hasStatus, request.custom) };
  const run = (force: boolean): ApplyResult => applyConfiguration(live, request.applied, managed, identity, force, context);
  try {
    return run(request.force);
  } catch (error) {
    if (error instanceof UnkeyedItem) throw serverError(`failed to create typed live object: ${error.message}`);
    if (!(error instanceof ApplyConflicts)) throw error;
    let conflicts = error.conflicts;
    if (identity.manager === 'kubectl') {
      const allowed = clientSideApplied(live, ref);
      if (isEmpty(difference(setOf(...conflicts.map(({ path }) => path)), allowed))) return run(true);
      conflicts = conflicts.filter(({ path }) => !has(allowed, path));
    }
    throw applyConflict(conflictCauses(conflicts), conflictMessage(conflicts));
  }
}

/** The managers with the applier's unmanaged fields taken off and, when the object changed, its time set. */
function finish(managed: Managed, identity: ManagerIdentity, time: string | undefined): Managed {
  const key = identityKey(identity);
  const entry = managed.get(key);
  if (entry === undefined) return managed;
  const fields = difference(entry.fields, unmanagedFields());
  const result = new Map(managed);
  if (isEmpty(fields)) result.delete(key);
  else result.set(key, { identity, fields, time: time ?? entry.time });
  return result;
}

/** kube-apiserver answers these without a reason. */
function serverError(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}
