/** Requests that name no stored resource: discovery, health, version, OpenAPI, reviews. */
import { createHash } from 'node:crypto';
import { aggregatedDocument, coreVersions, groupDocument, groupList, resourceList } from '../discovery/documents.ts';
import { type DiscoveredGroup, discoverGroups } from '../discovery/groups.ts';
import { answerReview, type User, virtualResources } from '../discovery/virtual-resources.ts';
import type { JsonObject } from '../object.ts';
import type { ResourceRegistry } from '../registry.ts';
import { negotiate } from '../request/negotiate.ts';
import { isTrue, type RequestInfo } from '../request/request-info.ts';
import { badRequest, methodNotAllowed } from '../status.ts';
import type { Answer } from './answer.ts';
import { decodeBody, decodeOr, readBody } from './body.ts';
import { jsonAnswer } from './render.ts';

/** What this server says of itself at /version. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly platform: string;
}

/** What these requests are answered from. */
export interface SystemContext {
  readonly registry: ResourceRegistry;
  readonly version: VersionInfo;
  /** HOST:PORT that clients reach the server at. */
  readonly address: () => string;
  readonly now: () => number;
  /** Checks by name; a message when one fails. */
  readonly health: () => Readonly<Record<string, string | undefined>>;
  /** GET below /openapi: undefined when there is no such document. */
  readonly openapi: (segments: readonly string[], request: Request) => Answer | undefined;
}

const healthPaths: ReadonlySet<string> = new Set(['livez', 'readyz', 'healthz']);
const publicPaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/version']);

/** Whether a path is open to callers without credentials. */
export function isPublicPath(url: URL): boolean {
  return publicPaths.has(url.pathname);
}

/** Answers a request; undefined when nothing is served at its path. @throws StatusError */
export async function answerSystem(
  context: SystemContext,
  request: Request,
  url: URL,
  info: RequestInfo,
  user: User,
): Promise<Answer | undefined> {
  if (info.type === 'resource') return answerVirtual(context, request, info, user);
  const [first, ...rest] = info.segments;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead) {
    if (first === undefined || ['api', 'apis', 'openapi', 'version'].includes(first) || healthPaths.has(first)) {
      throw methodNotAllowed({ group: '', resource: first ?? '' }, request.method.toLowerCase());
    }
    return undefined;
  }
  if (first !== undefined && healthPaths.has(first)) return healthAnswer(context, first, rest, url);
  switch (first) {
    case undefined:
      return json(request, rootPaths(context));
    case 'version':
      return rest.length === 0 ? json(request, versionDocument(context.version)) : undefined;
    case 'openapi':
      return context.openapi(rest, request);
    case 'api':
    case 'apis':
      return discoveryAnswer(context, request, first, rest);
    default:
      return undefined;
  }
}

function json(request: Request, document: JsonObject): Answer {
  const accepted = negotiate(request.headers.get('accept'), []);
  return jsonAnswer(200, JSON.stringify(document), { accepted, pretty: isTrue(new URL(request.url).searchParams.get('pretty')) }, []);
}

async function answerVirtual(
  context: SystemContext,
  request: Request,
  info: RequestInfo & { type: 'resource' },
  user: User,
): Promise<Answer | undefined> {
  const resource = virtualResources.find(
    ({ group, version, plural }) => group === info.group && version === info.version && plural === info.plural,
  );
  if (resource === undefined || info.namespace !== '' || info.name !== '') return undefined;
  if (info.verb !== 'create') throw methodNotAllowed({ group: resource.group, resource: resource.plural }, info.verb);
  const text = await readBody(request);
  const { value } = decodeOr(
    () => decodeBody(text, request.headers.get('content-type')),
    (message) => badRequest(`the body must be a ${resource.kind}: ${message}`),
  );
  const accepted = negotiate(request.headers.get('accept'), []);
  return jsonAnswer(201, JSON.stringify(answerReview(resource, value, user, context.now())), { accepted, pretty: false }, []);
}

function versionDocument(version: VersionInfo): JsonObject {
  return {
    major: version.major,
    minor: version.minor,
    emulationMajor: version.major,
    emulationMinor: version.minor,
    gitVersion: version.gitVersion,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: version.platform,
  };
}

function rootPaths({ registry }: SystemContext): JsonObject {
  const groups = discoverGroups(registry);
  const paths = groups.flatMap(({ group, versions }) =>
    group === '' ? ['/api', '/api/v1'] : [`/apis/${group}`, ...versions.map(({ version }) => `/apis/${group}/${version}`)],
  );
  return { paths: [...paths, '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'].sort() };
}

function discoveryAnswer(context: SystemContext, request: Request, first: string, rest: readonly string[]): Answer | undefined {
  const groups = discoverGroups(context.registry);
  if (rest.length === 0) return discoveryRoot(context, request, first === 'api', groups);
  const [group, version] = first === 'api' ? ['', rest[0]] : [rest[0] ?? '', rest[1]];
  if (rest.length > (first === 'api' ? 1 : 2)) return undefined;
  const found = groups.find((candidate) => candidate.group === group);
  if (found === undefined) return undefined;
  if (version === undefined) return json(request, groupDocument(found));
  const foundVersion = found.versions.find((candidate) => candidate.version === version);
  return foundVersion === undefined ? undefined : json(request, resourceList(found.group, foundVersion));
}

function discoveryRoot(context: SystemContext, request: Request, core: boolean, groups: DiscoveredGroup[]): Answer {
  const accepted = negotiate(request.headers.get('accept'), ['APIGroupDiscoveryList']);
  if (accepted.as !== 'APIGroupDiscoveryList') {
    return json(request, core ? coreVersions(context.address()) : groupList(groups));
  }
  const body = `${JSON.stringify(aggregatedDocument(groups, core, accepted.version))}\n`;
  return taggedAnswer(request, body, `application/json;g=apidiscovery.k8s.io;v=${accepted.version};as=APIGroupDiscoveryList`);
}

/** A document with an ETag: 304 when the client has it already. */
export function taggedAnswer(request: Request, body: string | Uint8Array<ArrayBuffer>, contentType: string): Answer {
  const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  if (request.headers.get('if-none-match') === etag) return { status: 304, headers, body: '' };
  return { status: 200, headers: { ...headers, 'content-type': contentType }, body };
}

function healthAnswer(context: SystemContext, endpoint: string, rest: readonly string[], url: URL): Answer | undefined {
  const checks = Object.entries(context.health());
  const [only, ...more] = rest;
  if (more.length > 0 || (only !== undefined && !checks.some(([name]) => name === only))) return undefined;
  const excluded = new Set(url.searchParams.getAll('exclude'));
  const asked = checks.filter(([name]) => (only === undefined || name === only) && !excluded.has(name));
  const failed = asked.some(([, problem]) => problem !== undefined);
  const lines = asked.map(([name, problem]) => (problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`));
  const verbose = failed || url.searchParams.has('verbose');
  const body = verbose ? `${lines.join('\n')}\n${endpoint} check ${failed ? 'failed' : 'passed'}\n` : 'ok';
  return {
    status: failed ? 500 : 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private', 'x-content-type-options': 'nosniff' },
    body,
  };
}
