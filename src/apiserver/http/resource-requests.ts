/** Requests below /api/v1 and /apis/GROUP/VERSION: finds the resource and carries out the verb. */
import type { Api } from '../api.ts';
import { defaultManager } from '../fieldmanager/default-manager.ts';
import { isJsonObject } from '../object.ts';
import { isTrue, type ResourceRequest } from '../request/request-info.ts';
import { negotiate, parseMediaType } from '../request/negotiate.ts';
import { parseDeleteOptions, parseListOptions, parseResourceVersion, parseWriteOptions, type WriteOptions } from '../request/options.ts';
import { groupResourceOf, type Resource } from '../resource.ts';
import { createObject } from '../rest/create.ts';
import { cannotHandle, type Decoded, decodeObject, unknownFieldMessages, unrecognized } from '../rest/decode.ts';
import { deleteEntries, deleteObject } from '../rest/delete.ts';
import { listObjects, selectionOf } from '../rest/list.ts';
import { applyObject, patchObject, patchTypeOf } from '../rest/patch.ts';
import { updateObject } from '../rest/put.ts';
import type { Result } from '../rest/result.ts';
import { getView } from '../rest/scale.ts';
import type { Target } from '../rest/update.ts';
import { parseJson, strictDecodingError } from '../schema/strict-json.ts';
import { parseYaml } from '../schema/strict-yaml.ts';
import { badRequest, methodNotAllowed, methodNotAllowedHere, notFound, pathNotFound, StatusError } from '../status.ts';
import { parseIncludeObject } from '../table/table.ts';
import type { FrameCache, WatchForm } from '../watch/frames.ts';
import { Watch } from '../watch/watch.ts';
import type { Answer } from './answer.ts';
import { decodeBody, decodeOptional, decodeOr, readBody } from './body.ts';
import { renderResult } from './render.ts';

/** A request that names a resource. */
export interface ResourceCall {
  readonly request: Request;
  readonly url: URL;
  readonly info: ResourceRequest;
}

/** Carries out a request. @throws StatusError */
export async function answerResource(api: Api, frames: FrameCache, call: ResourceCall): Promise<Answer> {
  const { request, url, info } = call;
  const resource = findResource(api, info);
  const { searchParams } = url;
  if (info.verb === 'watch') return watchAnswer(api, frames, resource, call);
  const forms = info.verb === 'list' ? (['Table', 'PartialObjectMetadataList'] as const) : (['Table', 'PartialObjectMetadata'] as const);
  const accepted = negotiate(request.headers.get('accept'), forms);
  const includeObject = accepted.as === 'Table' ? parseIncludeObject(searchParams.get('includeObject')) : 'None';
  const result = await carryOut(api, resource, call);
  return renderResult(result, { accepted, includeObject, pretty: isTrue(searchParams.get('pretty')), now: api.clock.now() });
}

function findResource(api: Api, info: ResourceRequest): Resource {
  const resource = api.registry.find(info.group, info.version, info.plural);
  if (resource === undefined) throw pathNotFound();
  const across = info.namespace === '' && resource.namespaced;
  if (!resource.namespaced && info.namespace !== '') throw pathNotFound();
  if (across && info.verb !== 'list' && info.verb !== 'watch') throw pathNotFound();
  const verbs = info.subresource === '' ? resource.verbs : resource.subresources.find(({ name }) => name === info.subresource)?.verbs;
  if (verbs === undefined) throw resource.custom ? notFound(groupResourceOf(resource), info.name) : pathNotFound();
  if (info.more && !resource.custom) throw pathNotFound();
  const onItem = info.name === '' && (info.verb === 'update' || info.verb === 'patch');
  if (onItem && resource.custom) throw badRequest('name must be provided');
  if (verbs.includes(info.verb) && !onItem && (info.verb !== 'create' || info.name === '')) {
    return info.subresource === 'scale' ? (resource.scale ?? resource) : resource;
  }
  throw resource.custom ? methodNotAllowed(groupResourceOf(resource), info.verb) : methodNotAllowedHere();
}

async function carryOut(api: Api, resource: Resource, call: ResourceCall): Promise<Result> {
  const { info, url, request } = call;
  const query = url.searchParams;
  const target: Target = { resource, namespace: info.namespace, name: info.name, subresource: info.subresource };
  switch (info.verb) {
    case 'get':
      return getView(api, target, parseResourceVersion(query.get('resourceVersion') ?? ''));
    case 'list':
    case 'watch': {
      const options = parseListOptions(query, false);
      return listObjects(api, selectionOf(resource, info.namespace, options), options);
    }
    case 'create': {
      const options = writeOptions(call, 'CreateOptions');
      const { object, warnings } = await decodeWrite(resource, request, options);
      return whenSettled(api, createObject(api, { resource, namespace: info.namespace, object, options, warnings }));
    }
    case 'update': {
      const options = writeOptions(call, 'UpdateOptions');
      const { object, warnings } = await decodeWrite(resource, request, options);
      return whenSettled(api, updateObject(api, target, object, options, warnings));
    }
    case 'patch':
      return patch(api, target, call);
    case 'delete': {
      const options = parseDeleteOptions(query, await deleteBody(request));
      return whenSettled(api, deleteObject(api, target, options));
    }
    case 'deletecollection':
      return deleteCollection(api, resource, call);
  }
}

/** A refusal may rest on a write that is not durable yet: it leaves only when that one is. */
async function whenSettled<T>(api: Api, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StatusError && error.code < 500) await api.store.settled();
    throw error;
  }
}

function writeOptions(call: ResourceCall, kind: string, apply = false): WriteOptions {
  return parseWriteOptions(call.url.searchParams, kind, apply, defaultManager(call.request.headers.get('user-agent') ?? ''));
}

async function decodeWrite(
  resource: Resource,
  request: Request,
  options: WriteOptions,
): Promise<{ object: Decoded['object']; warnings: string[] }> {
  const contentType = request.headers.get('content-type');
  const text = await readBody(request);
  const { value, strictErrors } = decodeOr(
    () => decodeBody(text, contentType),
    (message) =>
      unrecognized(resource, /yaml/.test(contentType ?? '') ? message : `couldn't get version/kind; json parse error: ${message}`, text),
  );
  const { object, unknown } = decodeObject(resource, value, text);
  if (options.fieldValidation === 'Ignore') return { object, warnings: [] };
  const problem = strictDecodingError(strictErrors, unknown);
  if (options.fieldValidation === 'Strict' && problem !== undefined) throw cannotHandle(resource, problem);
  return { object, warnings: [...strictErrors, ...unknownFieldMessages(unknown)] };
}

async function patch(api: Api, target: Target, call: ResourceCall): Promise<Result> {
  const { request } = call;
  const { type: contentType } = parseMediaType(request.headers.get('content-type') ?? '');
  const type = patchTypeOf(target.resource, contentType);
  const options = writeOptions(call, 'PatchOptions', type === 'apply');
  const text = await readBody(request);
  if (type === 'apply') {
    const { value, strictErrors } = decodeOr(
      () => (text.trim() === '' ? { value: {}, strictErrors: [] } : parseYaml(text)),
      (message) => badRequest(`error decoding YAML: ${message}`),
    );
    return whenSettled(api, applyObject(api, target, value, options, strictErrors));
  }
  const { value, strictErrors } = decodeOr(
    () => parseJson(text),
    (message) => badRequest(`error decoding patch: ${message}`),
  );
  return whenSettled(api, patchObject(api, target, type, value, options, strictErrors));
}

async function deleteBody(request: Request): Promise<Parameters<typeof parseDeleteOptions>[1]> {
  const body = decodeOptional(await readBody(request), request.headers.get('content-type'));
  if (body !== undefined && !isJsonObject(body)) throw badRequest('the body of a delete must be a DeleteOptions object');
  return body;
}

async function deleteCollection(api: Api, resource: Resource, call: ResourceCall): Promise<Result> {
  const { info, url, request } = call;
  const options = parseDeleteOptions(url.searchParams, await deleteBody(request));
  const listOptions = parseListOptions(url.searchParams, false);
  const result = listObjects(api, selectionOf(resource, info.namespace, listOptions), listOptions);
  await deleteEntries(api, resource, result.entries, options);
  return result;
}

function watchAnswer(api: Api, frames: FrameCache, resource: Resource, call: ResourceCall): Answer {
  const { request, url, info } = call;
  const accepted = negotiate(request.headers.get('accept'), ['Table', 'PartialObjectMetadata']);
  const options = parseListOptions(url.searchParams, true);
  const selection = selectionOf(resource, info.namespace, options);
  const { version } = accepted;
  const form: WatchForm =
    accepted.as === 'Table'
      ? { as: 'Table', version, includeObject: parseIncludeObject(url.searchParams.get('includeObject')) }
      : accepted.as === 'PartialObjectMetadata'
        ? { as: 'PartialObjectMetadata', version }
        : { as: 'Object' };
  return {
    status: 200,
    headers: { 'cache-control': 'no-cache, private', 'content-type': 'application/json' },
    body: new Watch(api, { selection, options, form }, frames),
  };
}
