/** The whole API as a function of a request. */
import { randomUUID } from 'node:crypto';
import type { Api } from '../api.ts';
import type { User } from '../discovery/virtual-resources.ts';
import { negotiate } from '../request/negotiate.ts';
import { parseRequestInfo, type RequestInfo } from '../request/request-info.ts';
import { badRequest, internalError, methodNotAllowed, pathNotFound, serviceUnavailable, StatusError, unauthorized } from '../status.ts';
import { createFrameCache } from '../watch/frames.ts';
import type { Answer } from './answer.ts';
import { renderStatus } from './render.ts';
import { answerResource } from './resource-requests.ts';
import { answerSystem, isPublicPath, type SystemContext } from './system-requests.ts';

/** Answers a request of a caller, who showed no credentials ('anonymous'), wrong ones ('refused') or is known. Never rejects. */
export type Handler = (request: Request, user: User | 'anonymous' | 'refused') => Promise<Answer>;

export interface HandlerOptions {
  readonly api: Api;
  readonly system: SystemContext;
  /** True once the server is stopping. */
  readonly isStopping: () => boolean;
}

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Makes the handler of a server. */
export function createHandler(options: HandlerOptions): Handler {
  const { api, system } = options;
  const frames = createFrameCache();
  const answer = async (request: Request, user: User | 'anonymous' | 'refused'): Promise<Answer> => {
    if (options.isStopping()) throw serviceUnavailable('the server is stopping');
    const url = requestUrl(request);
    const info = parseRequestInfo(request.method, url);
    if (info === undefined) throw unreadable(url);
    if (user === 'refused' || (user === 'anonymous' && !isPublicPath(url))) throw unauthorized();
    const found = await answerSystem(system, request, url, info, user === 'anonymous' ? anonymous : user);
    if (found !== undefined) return found;
    if (info.type === 'path') throw pathNotFound();
    return answerResource(api, frames, { request, url, info });
  };
  return async (request, user) => {
    const auditId = request.headers.get('audit-id') ?? randomUUID();
    const result = await answer(request, user).catch((error: unknown) => refusal(api, request, error));
    return { ...result, headers: { 'audit-id': auditId, ...result.headers } };
  };
}

/** The URL without parameters whose escapes are broken: Go's parser passes them over. */
function requestUrl(request: Request): URL {
  const url = new URL(request.url);
  const broken = /%(?![0-9a-f]{2})/i;
  if (broken.test(url.search)) {
    const kept = url.search
      .slice(1)
      .split('&')
      .filter((pair) => !broken.test(pair));
    url.search = kept.join('&');
  }
  return url;
}

function unreadable(url: URL): StatusError {
  const info: RequestInfo | undefined = parseRequestInfo('GET', url);
  if (info === undefined) return badRequest(`the path ${JSON.stringify(url.pathname)} cannot be decoded`);
  const resource =
    info.type === 'resource' ? { group: info.group, resource: info.plural } : { group: '', resource: info.segments[0] ?? '' };
  // A method that is no verb has no name.
  return methodNotAllowed(resource, '');
}

function refusal(api: Api, request: Request, error: unknown): Answer {
  const status = error instanceof StatusError ? error : internalError(error instanceof Error ? error.message : String(error), error);
  // A client that hangs up while it sends is nothing to complain about.
  const meant = error instanceof StatusError && error.cause === undefined;
  if (status.reason === 'InternalError' && !meant && !request.signal.aborted) {
    api.log.error({ err: error, method: request.method, url: request.url }, 'Cannot answer a request');
  }
  return renderStatus(status.status, { accepted: acceptedOrJson(request), pretty: false });
}

function acceptedOrJson(request: Request): ReturnType<typeof negotiate> {
  const json = { format: 'json', as: 'Object', version: '' } as const;
  const accept = request.headers.get('accept') ?? '';
  return accept.trim() === 'application/yaml' ? negotiate(accept, []) : json;
}
