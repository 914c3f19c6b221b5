/** The get and list verbs: always the durable state; pages of one list all show the revision of its first. */
import type { Api } from '../api.ts';
import { isJsonObject, type JsonObject } from '../object.ts';
import { type FieldSelector, parseFieldSelector } from '../request/field-selector.ts';
import { type LabelMatcher, parseLabelSelector } from '../request/label-selector.ts';
import type { ListOptions } from '../request/options.ts';
import { groupResourceOf, type Resource, viewFields, viewText } from '../resource.ts';
import { goQuote } from '../schema/go-format.ts';
import { BodySyntaxError, parseJson } from '../schema/strict-json.ts';
import { badRequest, expired, notFound, timeout } from '../status.ts';
import type { Entry } from '../store/entry.ts';
import type { ListResult, ObjectResult } from './result.ts';
import type { Target } from './update.ts';

/** Which objects of a resource are meant. */
export interface Selection {
  readonly resource: Resource;
  /** '' for all namespaces. */
  readonly namespace: string;
  readonly labels: LabelMatcher;
  readonly fields: FieldSelector | undefined;
}

const expiredToken =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, ' +
  'or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an ' +
  'inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Reads the selectors of a request. @throws StatusError 400 */
export function selectionOf(resource: Resource, namespace: string, options: ListOptions): Selection {
  return {
    resource,
    namespace,
    labels: parseLabelSelector(options.labelSelector),
    fields: parseFieldSelector(options.fieldSelector, resource.selectableFields, resource.custom),
  };
}

/** Whether an entry is selected. */
export function isSelected(selection: Selection, entry: Entry): boolean {
  if (selection.namespace !== '' && entry.namespace !== selection.namespace) return false;
  if (selection.labels !== undefined && !selection.labels(entry.labels)) return false;
  return selection.fields === undefined || selection.fields.matches(viewFields(selection.resource, entry));
}

/** Reads one object. @throws StatusError 404, 504 */
export function getObject(api: Api, target: Target, resourceVersion: number | undefined): ObjectResult {
  const { resource, namespace, name } = target;
  checkNotFuture(api, resourceVersion);
  const entry = api.store.get(resource.storage, namespace, name);
  if (entry === undefined) throw notFound(groupResourceOf(resource), name);
  return { type: 'object', code: 200, resource, text: viewText(resource, entry), warnings: [] };
}

/** Lists a selection, or one page of it. @throws StatusError 400, 410, 504 */
export function listObjects(api: Api, selection: Selection, options: ListOptions): ListResult {
  const { resource, namespace } = selection;
  const collection = api.store.collection(resource.storage);
  const prefix = namespace === '' ? '' : `${namespace}/`;
  const { revision, after } = startOf(api, resource, options, prefix);
  const selective = selection.labels !== undefined || selection.fields !== undefined;
  // At "any" version a real server answers from its cache, which knows no pages.
  const limit = options.resourceVersion === 0 && options.continueToken === '' ? 0 : options.limit;
  // One entry more than the page shows whether another follows.
  const all = collection.snapshot(revision, prefix, after, selective || limit === 0 ? Infinity : limit + 1);
  const entries = selective ? firstSelected(selection, all, limit === 0 ? Infinity : limit + 1) : all;
  const more = limit > 0 && entries.length > limit;
  if (more) entries.length = limit;
  return {
    type: 'list',
    resource,
    entries,
    resourceVersion: String(revision),
    continueToken: more ? encodeContinue(revision, (entries.at(-1)?.key ?? '').slice(prefix.length)) : '',
    remainingItemCount: more && !selective ? collection.count(revision, prefix, after) - limit : undefined,
  };
}

function firstSelected(selection: Selection, all: readonly Entry[], limit: number): Entry[] {
  const selected: Entry[] = [];
  for (const entry of all) {
    if (!isSelected(selection, entry)) continue;
    selected.push(entry);
    if (selected.length >= limit) break;
  }
  return selected;
}

function startOf(api: Api, resource: Resource, options: ListOptions, prefix: string): { revision: number; after: string } {
  const { durableRevision } = api.store;
  const { oldest } = api.store.collection(resource.storage);
  if (options.continueToken !== '') {
    if (options.resourceVersion !== undefined && options.resourceVersion !== 0) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const { revision, start } = decodeContinue(options.continueToken);
    if (revision === -1) return { revision: durableRevision, after: prefix + start };
    if (revision < oldest) throw expired(expiredToken, { continue: encodeContinue(-1, start) });
    return { revision: Math.min(revision, durableRevision), after: prefix + start };
  }
  checkNotFuture(api, options.resourceVersion);
  const { resourceVersion, resourceVersionMatch, limit } = options;
  // A page of a given version has always meant exactly that version.
  const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0 && resourceVersion !== 0);
  if (!exact || resourceVersion === undefined) return { revision: durableRevision, after: '' };
  if (resourceVersion < oldest) throw expired('The resourceVersion for the provided list is too old.');
  return { revision: resourceVersion, after: '' };
}

function checkNotFuture(api: Api, resourceVersion: number | undefined): void {
  if (resourceVersion === undefined || resourceVersion <= api.store.durableRevision) return;
  throw timeout(`Too large resource version: ${resourceVersion}, current: ${api.store.durableRevision}`, 1, {
    reason: 'ResourceVersionTooLarge',
    message: 'Too large resource version',
  });
}

function encodeContinue(revision: number, start: string): string {
  const token = JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${start}\u0000` });
  return Buffer.from(token).toString('base64url');
}

function decodeContinue(token: string): { revision: number; start: string } {
  const fail = (why: string): never => {
    throw badRequest(`invalid continue token: continue key is not valid: ${why}`);
  };
  const { v, rv, start } = parseToken(token, fail);
  if (v !== 'meta.k8s.io/v1') return fail(`server does not recognize this encoded version ${goQuote(typeof v === 'string' ? v : '')}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv < -1 || rv === 0) {
    return fail('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof start !== 'string' || start === '') return fail('encoded start key empty (version meta.k8s.io/v1)');
  if (start.split('/').some((part) => part === '' || part === '.' || part === '..')) return fail(start);
  return { revision: rv, start: start.endsWith('\u0000') ? start.slice(0, -1) : start };
}

function parseToken(token: string, fail: (why: string) => never): JsonObject {
  try {
    const { value } = parseJson(Buffer.from(token, 'base64url').toString());
    return isJsonObject(value) ? value : fail('it is no object');
  } catch (error) {
    if (error instanceof BodySyntaxError) return fail(error.message);
    throw error;
  }
}
