/** Reads what a request is about from its method and URL, as k8s.io/apiserver's RequestInfo does. */
import type { Verb } from '../builtin/resource.ts';

/** A request below /api/v1 or /apis/GROUP/VERSION. */
export interface ResourceRequest {
  readonly type: 'resource';
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Empty for cluster-scoped resources, and for lists over all namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: string;
  readonly verb: Verb;
  /** Whether the path goes on after the subresource. */
  readonly more: boolean;
}

/** Any other request; `segments` are the decoded parts of its path. */
export interface PathRequest {
  readonly type: 'path';
  readonly segments: readonly string[];
}

export type RequestInfo = ResourceRequest | PathRequest;

// Below these, `namespaces/x/<word>` is a subresource of the namespace and not a resource within it.
const namespaceSubresources = new Set(['status', 'finalize']);

/** Undefined when the path cannot be decoded, or the method is none of the API's. */
export function parseRequestInfo(method: string, url: URL): RequestInfo | undefined {
  const segments = decodePath(url.pathname);
  if (segments === undefined) return undefined;
  const prefix = segments[0] === 'api' ? 2 : segments[0] === 'apis' ? 3 : 0;
  if (prefix === 0 || segments.length <= prefix) return { type: 'path', segments };
  const group = prefix === 3 ? (segments[1] ?? '') : '';
  const version = segments[prefix - 1] ?? '';
  let rest = segments.slice(prefix);
  // The old way to watch, /api/v1/watch/..., is still served.
  const watch = rest[0] === 'watch' && rest.length > 1;
  if (watch) rest = rest.slice(1);
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1] ?? '';
    if (rest.length > 2 && !namespaceSubresources.has(rest[2] ?? '')) rest = rest.slice(2);
    else namespace = '';
  }
  const [plural = '', name = '', subresource = '', ...more] = rest;
  const verb = watch && method === 'GET' && name === '' ? 'watch' : verbOf(method, name, url.searchParams);
  if (verb === undefined) return undefined;
  return { type: 'resource', group, version, plural, namespace, name, subresource, verb, more: more.length > 0 };
}

/** The decoded parts of a path; an empty part stays, as it makes the path unknown. Undefined for a broken escape. */
function decodePath(pathname: string): string[] | undefined {
  const parts = pathname.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  try {
    const decoded = parts.map((part) => decodeURIComponent(part));
    // Nothing that exists has such a name.
    return decoded.some((part) => part.includes('/') || part === '..') ? ['', ...decoded] : decoded;
  } catch {
    return undefined; // a lone %
  }
}

function verbOf(method: string, name: string, query: URLSearchParams): Verb | undefined {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    case 'GET':
    case 'HEAD':
      if (name !== '') return 'get';
      return method === 'GET' && isTrue(query.get('watch')) ? 'watch' : 'list';
    default:
      return undefined;
  }
}

/** A query parameter as Kubernetes reads booleans: present and neither 0 nor false. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false' && value !== '';
}
