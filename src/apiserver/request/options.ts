/** The query parameters of each verb, checked as kube-apiserver checks them. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import { isJsonObject, type JsonObject } from '../object.ts';
import { goQuote } from '../schema/go-format.ts';
import { badRequest, invalid as invalidStatus, unexplained } from '../status.ts';
import { isTrue } from './request-info.ts';

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continueToken: string;
  /** Undefined when unset; 0 means any. */
  readonly resourceVersion: number | undefined;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** Undefined when unset. */
  readonly timeoutSeconds: number | undefined;
}

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  readonly force: boolean | undefined;
}

export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagationPolicy: PropagationPolicy | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidStatus({ group: 'meta.k8s.io', kind }, '', errors);
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** Reads a resourceVersion; undefined when empty. @throws StatusError 500, which is kube-apiserver's answer too */
export function parseResourceVersion(text: string): number | undefined {
  if (text === '') return undefined;
  if (!isResourceVersion(text)) throw unexplained(versionProblem(text));
  return Number(text);
}

function isResourceVersion(text: string): boolean {
  return text === '' || /^\d{1,15}$/.test(text);
}

function versionProblem(text: string): string {
  return `resourceVersion: Invalid value: ${goQuote(text)}: strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`;
}

/** The parameters of list, watch and deletecollection. @throws StatusError 400, 422 */
export function parseListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const errors: FieldError[] = [];
  const match = query.get('resourceVersionMatch') ?? '';
  const versionText = query.get('resourceVersion') ?? '';
  if (!watch && !isResourceVersion(versionText)) throw badRequest(`invalid resource version: ${versionProblem(versionText)}`);
  const resourceVersion = parseResourceVersion(versionText);
  const continueToken = query.get('continue') ?? '';
  const initialText = query.get('sendInitialEvents');
  const sendInitialEvents = initialText === null || initialText === '' ? undefined : isTrue(initialText);
  if (match !== '') {
    if (watch && sendInitialEvents === undefined)
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    if (!watch && versionText === '')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (!watch && continueToken !== '')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && versionText === '0')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    if (watch && sendInitialEvents !== undefined && match !== 'NotOlderThan')
      errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  } else if (watch && sendInitialEvents !== undefined) {
    errors.push(forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (!watch && sendInitialEvents !== undefined) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  refuse('ListOptions', errors);
  const limit = integer(query, 'limit') ?? 0;
  return {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: Math.max(0, limit),
    continueToken,
    resourceVersion,
    resourceVersionMatch: match as ListOptions['resourceVersionMatch'],
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents,
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  };
}

/** The parameters of create, update and patch; `kind` is CreateOptions, UpdateOptions or PatchOptions. @throws StatusError 422 */
export function parseWriteOptions(query: URLSearchParams, kind: string, apply: boolean, defaultManager: string): WriteOptions {
  const errors: FieldError[] = [];
  const fieldManager = query.get('fieldManager') ?? '';
  if (Buffer.byteLength(fieldManager) > 128)
    errors.push({ type: 'FieldValueTooLong', field: 'fieldManager', detail: 'may not be more than 128 bytes' });
  for (const character of fieldManager) {
    if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) continue;
    errors.push(invalid('fieldManager', fieldManager, 'should only contain printable characters'));
    break;
  }
  const dryRun = parseDryRun(query.getAll('dryRun'), errors);
  const forceText = query.get('force');
  const force = forceText === null || forceText === '' ? undefined : isTrue(forceText);
  if (kind === 'PatchOptions') {
    if (apply && fieldManager === '') errors.push(required('fieldManager', 'is required for apply patch'));
    if (!apply && force !== undefined) errors.push(forbidden('force', 'may not be specified for non-apply patch'));
  }
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation))
    errors.push(notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  refuse(kind, errors);
  return {
    dryRun,
    fieldManager: fieldManager === '' ? defaultManager : fieldManager,
    fieldValidation: validation === 'Ignore' || validation === 'Strict' ? validation : 'Warn',
    force,
  };
}

function parseDryRun(values: readonly string[], errors: FieldError[]): boolean {
  if (values.some((value) => value !== 'All')) errors.push(notSupported('dryRun', values, ['All']));
  return values.length > 0;
}

/** The parameters of delete, from the query and the body (a DeleteOptions, or undefined). @throws StatusError 400, 422 */
export function parseDeleteOptions(query: URLSearchParams, body: JsonObject | undefined): DeleteOptions {
  const errors: FieldError[] = [];
  if (body !== undefined && body['kind'] !== undefined && body['kind'] !== 'DeleteOptions') {
    const version = typeof body['apiVersion'] === 'string' ? body['apiVersion'] : '';
    throw badRequest(
      `no kind ${JSON.stringify(body['kind'])} is registered for version ${goQuote(version)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  const text = (field: string): string => {
    const own = body !== undefined && Object.hasOwn(body, field) ? body[field] : undefined;
    if (own !== undefined && own !== null && typeof own !== 'string') {
      throw badRequest(`json: cannot unmarshal ${typeof own} into Go struct field DeleteOptions.${field} of type string`);
    }
    return own ?? (body === undefined ? query.get(field) : null) ?? '';
  };
  const policy = text('propagationPolicy');
  if (!['', 'Orphan', 'Background', 'Foreground'].includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  const orphanField = body?.['orphanDependents'];
  const orphanText = query.get('orphanDependents');
  const orphan = typeof orphanField === 'boolean' ? orphanField : orphanText === null || orphanText === '' ? undefined : isTrue(orphanText);
  if (policy !== '' && orphan !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  const bodyDryRun = body?.['dryRun'];
  const dryRunValues = Array.isArray(bodyDryRun) ? bodyDryRun.map(String) : [];
  const dryRun = parseDryRun([...dryRunValues, ...query.getAll('dryRun')], errors);
  refuse('DeleteOptions', errors);
  const orphanPolicy: PropagationPolicy | undefined = orphan === undefined ? undefined : orphan ? 'Orphan' : 'Background';
  return {
    dryRun,
    propagationPolicy: policy === '' ? orphanPolicy : (policy as PropagationPolicy),
    preconditions: parsePreconditions(body),
  };
}

function parsePreconditions(body: JsonObject | undefined): { uid?: string; resourceVersion?: string } {
  const given = body?.['preconditions'];
  if (!isJsonObject(given)) return {};
  const { uid, resourceVersion } = given;
  return { ...(typeof uid === 'string' && { uid }), ...(typeof resourceVersion === 'string' && { resourceVersion }) };
}
