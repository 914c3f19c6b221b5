/** Content negotiation: which form of an answer the Accept header asks for, and what a Content-Type says a body is. */
import { notAcceptable, wrongForm } from '../status.ts';

/** How the answer shall look. */
export interface Accepted {
  readonly format: 'json' | 'yaml';
  /** What the object is to be turned into. */
  readonly as: 'Object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'APIGroupDiscoveryList';
  /** meta.k8s.io version of a Table or partial metadata: v1 or v1beta1; apidiscovery version: v2 or v2beta1. */
  readonly version: string;
}

/** One clause of an Accept header. */
export interface MediaClause {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a refusal names; the real server's list, though protobuf is not spoken here. */
export const answerTypes: readonly string[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

const transforms: Readonly<Record<string, { group: string; versions: readonly string[] }>> = {
  Table: { group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] },
  PartialObjectMetadata: { group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] },
  PartialObjectMetadataList: { group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] },
  APIGroupDiscoveryList: { group: 'apidiscovery.k8s.io', versions: ['v2', 'v2beta1'] },
};

/** The clauses of an Accept header, the most wanted first. */
export function parseAccept(header: string | null): MediaClause[] {
  const clauses = (header ?? '')
    .split(',')
    .map((text) => parseMediaType(text))
    .filter((clause) => clause.type !== '');
  if (clauses.length === 0) return [{ type: '*/*', parameters: {} }];
  const quality = (clause: MediaClause): number => {
    const q = Number(clause.parameters['q'] ?? '1');
    return Number.isNaN(q) ? 0 : q;
  };
  return clauses.filter((clause) => quality(clause) > 0).sort((a, b) => quality(b) - quality(a));
}

/** A media type and its parameters, lower case but for parameter values. */
export function parseMediaType(text: string): MediaClause {
  const [type = '', ...rest] = text.split(';');
  const parameters: Record<string, string> = {};
  for (const parameter of rest) {
    const [key = '', value = ''] = parameter.split('=');
    parameters[key.trim().toLowerCase()] = value.trim().replaceAll('"', '');
  }
  return { type: type.trim().toLowerCase(), parameters };
}

/**
 * Picks the first clause that can be served; `as` lists the transformations this endpoint offers beside the plain object.
 * @throws StatusError 406
 */
export function negotiate(header: string | null, as: readonly Accepted['as'][]): Accepted {
  for (const { type, parameters } of parseAccept(header)) {
    const format = formatOf(type);
    if (format === undefined) continue;
    const wanted = parameters['as'];
    if (wanted === undefined) return { format, as: 'Object', version: '' };
    const transform = Object.hasOwn(transforms, wanted) ? transforms[wanted] : undefined;
    const version = parameters['v'] ?? '';
    const offered = as.find((candidate) => candidate === wanted);
    if (transform === undefined || parameters['g'] !== transform.group || !transform.versions.includes(version)) continue;
    if (offered !== undefined) return { format, as: offered, version };
    if (wanted === 'PartialObjectMetadata' && as.includes('PartialObjectMetadataList')) {
      throw wrongForm('you requested PartialObjectMetadata, but the requested object is a list (*unstructured.UnstructuredList)');
    }
    if (wanted === 'PartialObjectMetadataList' && as.includes('PartialObjectMetadata')) {
      throw wrongForm('you requested PartialObjectMetadataList, but the requested object is not a list (*unstructured.Unstructured)');
    }
  }
  throw notAcceptable(answerTypes);
}

function formatOf(type: string): Accepted['format'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}
