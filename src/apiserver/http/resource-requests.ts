/** Requests below /api/v1 and /apis/GROUP/VERSION: finds the resource and carries out the verb. */
import type { Api } from '../api.ts';
import { defaultManager } from '../fieldmanager/default-manager.ts';
import { isJsonObject } from '../object.ts';
import { isTrue, type ResourceRequest } from '../request/request-info.ts';
import { negotiate, parseMediaType } from '../request/negotiate.ts';
import { parseDeleteOptions, parseListOptions, parseResourceVersion, parseWriteOptions, type WriteOptions } from '../request/options.ts';
import { groupResourceOf, type Resource } from '../resource.ts';
import { createObject } from '../rest/create.ts';
import { cannotHandle, type Decoded, decodeObject, unknownFieldMessages } from '../rest/decode.ts';
import { deleteEntries, deleteObject } from '../rest/delete.ts';
import { getObject, listObjects, selectionOf } from '../rest/list.ts';
import { applyObject, patchObject, patchTypeOf } from '../rest/patch.ts';
import { updateObject } from '../rest/put.ts';
import type { Result } from '../rest/result.ts';
import type { Target } from '../rest/update.ts';
import { strictDecodingError } from '../schema/strict-json.ts';
import { badRequest, methodNotAllowed, pathNotFound, StatusError } from '../status.ts';
import { parseIncludeObject } from '../table/table.ts';
import type { FrameCache, WatchForm } from '../watch/frames.ts';
import { Watch } from '../watch/watch.ts';
import type { Answer } from './answer.ts';
import { decodeAs, decodeBody, decodeOptional, readBody } from './body.ts';
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
  const includeObject = parseIncludeObject(searchParams.get('includeObject'));
  if (info.verb === 'watch') return watchAnswer(api, frames, resource, call, includeObject);
  const forms = info.verb === 'list' ? (['Table', 'PartialObjectMetadataList'] as const) : (['Table', 'PartialObjectMetadata'] as const);
  const accepted = negotiate(request.headers.get('accept'), forms);
  const result = await carryOut(api, resource, call);
  return renderResult(result, { accepted, includeObject, pretty: isTrue(searchParams.get('pretty')), now: api.clock.now() });
}

function findResource(api: Api, info: ResourceRequest): Resource {
  const resource = api.registry.find(info.group, info.version, info.plural);
  if (resource === undefined) throw pathNotFound();
  const across = info.namespace === '' && resource.namespaced;
  if (!resource.namespaced && info.namespace !== '') throw pathNotFound();
  if (across && info.verb !== 'list' && info.verb !== 'watch') throw pathNotFound();
  if (info.subresource !== '') {
    const subresource = resource.subresources.find(({ name }) => name === info.subresource);
    if (subresource === undefined) throw pathNotFound();
    if (!subresource.verbs.includes(info.verb)) throw methodNotAllowed(groupResourceOf(resource), info.verb);
  } else if (
    !resource.verbs.includes(info.verb) ||
    (info.verb === 'create' && info.name !== '') ||
    (info.name === '' && ['update', 'patch'].includes(info.verb))
  ) {
    throw methodNotAllowed(groupResourceOf(resource), info.verb);
  }
  return resource;
}

async function carryOut(api: Api, resource: Resource, call: ResourceCall): Promise<Result> {
  const { info, url, request } = call;
  const query = url.searchParams;
  const target: Target = { resource, namespace: info.namespace, name: info.name, subresource: info.subresource };
  switch (info.verb) {
    case 'get':
      return getObject(api, target, parseResourceVersion(query.get('resourceVersion') ?? ''));
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
  const { value, strictErrors } = decodeBody(await readBody(request), request.headers.get('content-type'));
  const { object, unknown } = decodeObject(resource, value);
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
    const { value, strictErrors } = decodeAs('application/yaml', text);
    return whenSettled(api, applyObject(api, target, value, options, strictErrors));
  }
  const { value, strictErrors } = decodeAs('application/json', text);
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

function watchAnswer(
  api: Api,
  frames: FrameCache,
  resource: Resource,
  call: ResourceCall,
  includeObject: ReturnType<typeof parseIncludeObject>,
): Answer {
  const { request, url, info } = call;
  const accepted = negotiate(request.headers.get('accept'), ['Table', 'PartialObjectMetadata']);
  const options = parseListOptions(url.searchParams, true);
  const selection = selectionOf(resource, info.namespace, options);
  const { version } = accepted;
  const form: WatchForm =
    accepted.as === 'Table'
      ? { as: 'Table', version, includeObject }
      : accepted.as === 'PartialObjectMetadata'
        ? { as: 'PartialObjectMetadata', version }
        : { as: 'Object' };
  return {
    status: 200,
    headers: { 'cache-control': 'no-cache, private', 'content-type': 'application/json' },
    body: new Watch(api, { selection, options, form }, frames),
  };
}
