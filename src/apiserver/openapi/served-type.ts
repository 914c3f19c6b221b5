/** What the documents must know of a resource, and its named types. */
import { listOf, objectMetaSchema } from '../builtin/meta-schema.ts';
import type { Subresource, Verb } from '../builtin/resource.ts';
import { use } from '../builtin/type-builders.ts';
import type { TypeSchema } from '../builtin/type-schema.ts';

export interface OpenApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** A built-in's named type, or a CRD version's openAPIV3Schema. */
  readonly schema: TypeSchema;
}

export interface ServedType {
  readonly object: TypeSchema;
  readonly list: TypeSchema;
}

/** The named types of a resource and its list; a CRD's gets the name kube-apiserver gives it, `<group reversed>.<version>.<kind>`. */
export function servedType(resource: OpenApiResource): ServedType {
  const object = resource.schema.definition === undefined ? customType(resource) : resource.schema;
  return { object, list: listOf(object) };
}

function customType({ group, version, kind, schema }: OpenApiResource): TypeSchema {
  return {
    ...schema,
    definition: `${group.split('.').reverse().join('.')}.${version}.${kind}`,
    properties: {
      apiVersion: { type: 'string', description: 'The group and version of the schema that this object is written in.' },
      kind: { type: 'string', description: 'The kind of the object.' },
      ...schema.properties,
      metadata: use(objectMetaSchema, 'Name, labels and bookkeeping.'),
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  };
}
