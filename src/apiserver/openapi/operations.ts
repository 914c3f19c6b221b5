/** The requests a resource takes, the same for both document versions. */
import { deleteOptionsSchema, patchSchema, statusSchema } from '../builtin/meta-schema.ts';
import type { Verb } from '../builtin/resource.ts';
import type { TypeSchema } from '../builtin/type-schema.ts';
import {
  deleteParameters,
  listParameters,
  nameParameter,
  namespaceParameter,
  patchParameters,
  pretty,
  writeParameters,
  type Parameter,
} from './parameters.ts';
import { servedType, type OpenApiResource } from './served-type.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly description: string;
  /** As `x-kubernetes-action` says it. */
  readonly action: string;
  readonly body?: TypeSchema;
  readonly answer: TypeSchema;
  readonly created: boolean;
  readonly parameters: readonly Parameter[];
}

export interface Path {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

/** `/api/v1` or `/apis/<group>/<version>`. */
export function groupVersionPath({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `CoreV1`, `CoordinationV1`, `MyGroupDevV1alpha1`. */
function groupName({ group, version }: OpenApiResource): string {
  const words = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split(/[^A-Za-z0-9]+/);
  return words.map(capital).join('') + capital(version);
}

/** The patches a resource takes; kubectl reads here that those of a CRD take no strategic merge patch. */
export function patchTypesOf(resource: OpenApiResource): string[] {
  const strategic = resource.schema.definition === undefined ? [] : ['application/strategic-merge-patch+json'];
  return ['application/json-patch+json', 'application/merge-patch+json', ...strategic, 'application/apply-patch+yaml'];
}

/** Every path of `resource` with its operations. */
export function pathsOf(resource: OpenApiResource): Path[] {
  const { object, list } = servedType(resource);
  const { kind, plural, namespaced } = resource;
  const scope = namespaced ? 'Namespaced' : '';
  const root = groupVersionPath(resource);
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const shared = namespaced ? [namespaceParameter, pretty] : [pretty];
  const operation = (verb: string, method: Method, action: string, suffix: string, rest: Partial<Operation>): Operation => ({
    method,
    id: `${verb}${groupName(resource)}${scope}${kind}${suffix}`,
    description: `${capital(verb)} ${kind} objects.`,
    action,
    answer: object,
    created: false,
    parameters: [],
    ...rest,
  });
  const make: Readonly<Record<Verb, () => Operation>> = {
    list: () => operation('list', 'get', 'list', '', { answer: list, parameters: listParameters }),
    watch: () => operation('list', 'get', 'list', '', { answer: list, parameters: listParameters }),
    create: () => operation('create', 'post', 'post', '', { body: object, created: true, parameters: writeParameters }),
    deletecollection: () =>
      operation('deleteCollection', 'delete', 'deletecollection', '', {
        body: deleteOptionsSchema,
        answer: statusSchema,
        parameters: [...deleteParameters, ...listParameters.filter(({ name }) => name !== 'watch' && name !== 'allowWatchBookmarks')],
      }),
    get: () => operation('read', 'get', 'get', '', {}),
    update: () => operation('replace', 'put', 'put', '', { body: object, created: true, parameters: writeParameters }),
    patch: () => operation('patch', 'patch', 'patch', '', { body: patchSchema, created: true, parameters: patchParameters }),
    delete: () =>
      operation('delete', 'delete', 'delete', '', { body: deleteOptionsSchema, answer: statusSchema, parameters: deleteParameters }),
  };
  const served = (verbs: readonly Verb[], wanted: readonly Verb[]): Operation[] =>
    wanted.filter((verb) => verbs.includes(verb)).map((verb) => make[verb]());
  const paths: Path[] = [
    { path: collection, parameters: shared, operations: served(resource.verbs, ['list', 'create', 'deletecollection']) },
    {
      path: `${collection}/{name}`,
      parameters: [nameParameter, ...shared],
      operations: served(resource.verbs, ['get', 'update', 'patch', 'delete']),
    },
    ...resource.subresources.map(({ name, verbs, schema = object }) => ({
      path: `${collection}/{name}/${name}`,
      parameters: [nameParameter, ...shared],
      operations: served(verbs, ['get', 'update', 'patch']).map((found) => ({
        ...found,
        id: `${found.id}${capital(name)}`,
        answer: schema,
        ...(found.body === object && { body: schema }),
      })),
    })),
  ];
  if (namespaced) {
    const everywhere = { ...make.list(), id: `list${groupName(resource)}${kind}ForAllNamespaces` };
    paths.push({ path: `${root}/${plural}`, parameters: [pretty], operations: [everywhere] });
  }
  return paths;
}
