/**
 * Refusals as Kubernetes gives them: an HTTP code and a meta/v1 Status object.
 * Messages follow k8s.io/apimachinery/pkg/api/errors, because kubectl and scripts match on them.
 */
import { type FieldError, fieldErrorBody, invalidMessage } from './field-error.ts';
import type { JsonObject } from './object.ts';
import { goQuote } from './schema/go-format.ts';

/** One cause inside a Status's details. */
export type StatusCause = { reason?: string; message: string; field?: string };

/** What a Status says about the object it is about; `kind` is the resource's plural except for Invalid, where it is the kind. */
export type StatusDetails = {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
};

/** A meta/v1 Status. */
export type Status = {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: JsonObject;
  status: 'Failure' | 'Success';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
};

/** The resource an error is about: API group ('' for core) and plural name. */
export type GroupResource = { readonly group: string; readonly resource: string };

/** The kind an error is about: API group ('' for core) and kind. */
export type GroupKind = { readonly group: string; readonly kind: string };

/** A refusal that is to be answered as `status`; anything else thrown is an internal error. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? status.reason ?? 'refused', options);
    this.name = 'StatusError';
    this.status = status;
  }

  /** The HTTP code of the answer. */
  get code(): number {
    return this.status.code ?? 500;
  }

  /** The machine-readable reason, e.g. `NotFound`. */
  get reason(): string {
    return this.status.reason ?? 'Unknown';
  }
}

function failure(code: number, reason: string, message: string, details?: StatusDetails, options?: ErrorOptions): StatusError {
  return new StatusError(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...(details && { details }), code },
    options,
  );
}

function detailsOf(resource: GroupResource, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(resource.group !== '' && { group: resource.group }), kind: resource.resource };
}

function resourceText(resource: GroupResource): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}

function kindText(kind: GroupKind): string {
  return kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
}

/** 404: the object does not exist. */
export function notFound(resource: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${resourceText(resource)} ${goQuote(name)} not found`, detailsOf(resource, name));
}

/** 404: nothing is served at this path. */
export function pathNotFound(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409: an object of this name exists. */
export function alreadyExists(resource: GroupResource, name: string): StatusError {
  return failure(409, 'AlreadyExists', `${resourceText(resource)} ${goQuote(name)} already exists`, detailsOf(resource, name));
}

/** 409: an object of this name exists, but is on its way out. */
export function beingDeleted(resource: GroupResource, name: string): StatusError {
  return failure(
    409,
    'AlreadyExists',
    `object is being deleted: ${resourceText(resource)} ${goQuote(name)} already exists`,
    detailsOf(resource, name),
  );
}

/** 409: no free name was found for a generateName. */
export function generateNameConflict(resource: GroupResource, name: string): StatusError {
  return failure(
    409,
    'AlreadyExists',
    `${resourceText(resource)} ${goQuote(name)} already exists, the server was not able to generate a unique name for the object`,
    detailsOf(resource, name),
  );
}

/** The sentence of an optimistic lock that failed. */
export const objectModifiedMessage = 'the object has been modified; please apply your changes to the latest version and try again';

/** 409: a write lost against another one; `why` defaults to the optimistic lock's sentence. */
export function conflict(resource: GroupResource, name: string, why: string = objectModifiedMessage): StatusError {
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resourceText(resource)} ${goQuote(name)}: ${why}`,
    detailsOf(resource, name),
  );
}

/** 409 of server-side apply: other managers own fields that were to change; one cause a field. */
export function applyConflict(causes: StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes });
}

/** 422: the object breaks its schema or its kind's rules. */
export function invalid(kind: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const causes = errors.map((error) => ({ reason: error.type, message: fieldErrorBody(error), field: error.field }));
  return failure(422, 'Invalid', invalidMessage(kindText(kind), name, errors), {
    ...(name !== '' && { name }),
    ...(kind.group !== '' && { group: kind.group }),
    ...(kind.kind !== '' && { kind: kind.kind }),
    causes,
  });
}

/** 400: the request itself makes no sense. */
export function badRequest(message: string, options?: ErrorOptions): StatusError {
  return failure(400, 'BadRequest', message, undefined, options);
}

/** 403: `why` is a clause, e.g. "unable to create new content in namespace x because it is being terminated". */
export function forbidden(resource: GroupResource, name: string, why: string, causes?: StatusCause[]): StatusError {
  const what = name === '' ? resourceText(resource) : `${resourceText(resource)} ${goQuote(name)}`;
  return failure(403, 'Forbidden', `${what} is forbidden: ${why}`, { ...detailsOf(resource, name), ...(causes && { causes }) });
}

/** 401: no credentials, or wrong ones. */
export function unauthorized(): StatusError {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

/** 410: a resourceVersion or continue token is older than the kept history. */
export function expired(message: string, metadata: JsonObject = {}): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, reason: 'Expired', code: 410 });
}

/** 405: the resource exists, this verb on it does not. */
export function methodNotAllowed(
  resource: GroupResource,
  verb: string,
  message = `${verb} is not supported on resources of kind ${goQuote(resourceText(resource))}`,
): StatusError {
  return failure(405, 'MethodNotAllowed', message, detailsOf(resource, ''));
}

/** 405 as the built-in resources answer it, which say nothing of themselves. */
export function methodNotAllowedHere(): StatusError {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

/** 500 without a reason: what kube-apiserver answers where nobody has thought of a better code. */
export function unexplained(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

/** 406: none of the accepted media types can be answered. */
export function notAcceptable(supported: readonly string[]): StatusError {
  return wrongForm(`only the following media types are accepted: ${supported.join(', ')}`);
}

/** 406: the object cannot take the form that was asked for. */
export function wrongForm(message: string): StatusError {
  return failure(406, 'NotAcceptable', message);
}

/** 415: the body has a content type that is not understood here. */
export function unsupportedMediaType(supported: readonly string[]): StatusError {
  return failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  );
}

/** 413: the body is larger than `limit` bytes. */
export function requestEntityTooLarge(limit: number): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
}

/** 500: something here is broken; `cause` is kept for the log. */
export function internalError(message: string, cause?: unknown): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }, { cause });
}

/** 503: the server is stopping. */
export function serviceUnavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message);
}

/** 504: a wait ran out, e.g. for a resourceVersion that this server has not reached; retry after `retryAfterSeconds`. */
export function timeout(message: string, retryAfterSeconds: number, cause?: StatusCause): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, { ...(cause && { causes: [cause] }), retryAfterSeconds });
}
