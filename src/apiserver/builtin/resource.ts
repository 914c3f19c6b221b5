/**
 * What the API server must know of a built-in resource to serve it: names, verbs, schema, columns, selectors and rules.
 * A resource is data plus pure functions; the server core reads it exactly as it reads a resource made by a CRD.
 */
import type { FieldError } from '../field-error.ts';
import type { KubeObject } from '../object.ts';
import type { GroupVersionKind, TypeSchema } from './type-schema.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A column of a Table, as `columnDefinitions` carries it; priority 0 is shown always, 1 with `-o wide`. */
export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean' | 'number';
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export type TableCell = string | number | boolean | null;

export interface Subresource {
  /** Name after the slash: `status`, `finalize`, `scale`. */
  readonly name: string;
  readonly verbs: readonly Verb[];
  /** Of what it answers, where that is not the object. */
  readonly responseKind?: GroupVersionKind;
  readonly schema?: TypeSchema;
}

export interface BuiltinResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** Resources with the same storage name are views of the same stored objects (Event of v1 and of events.k8s.io/v1). */
  readonly storage: string;
  /** The OpenAPI schema of the whole object, apiVersion, kind and metadata included. */
  readonly schema: TypeSchema;
  /** Whether metadata.generation starts at 1 and counts the changes outside of metadata and status. */
  readonly hasGeneration: boolean;
  /** Whether a PUT to a name that does not exist creates the object. */
  readonly createOnUpdate: boolean;
  /** Whether a PUT without metadata.resourceVersion is accepted. */
  readonly unconditionalUpdate: boolean;
  readonly columns: readonly TableColumn[];
  /** One cell a column. `now` is milliseconds since the epoch: ages are relative to it. */
  row(object: KubeObject, now: number): TableCell[];
  /** Values of the fields that a field selector may name, beside metadata.name and metadata.namespace; unset ones are ''. */
  readonly selectableFields: readonly string[];
  selectedFields(object: KubeObject): Record<string, string>;
  /** Fills what decoding fills in Go: on every object that is sent, before its managers are worked out. In place. */
  applyDefaults(object: KubeObject): void;
  /**
   * Puts back what this write may not change and fills what the server fills, in place: after decoding and naming, before
   * validation. `subresource` is '' for the main resource; `old` is absent on a create.
   */
  prepare(object: KubeObject, subresource: string, old?: KubeObject): void;
  /** Refusals of a new object, or of an update when `old` is given. Metadata is the caller's work. */
  validate(object: KubeObject, subresource: string, old?: KubeObject): FieldError[];
  /** Turns this view's object into the stored form and back; the object itself where the view is the storage's own. */
  toStorage(object: KubeObject): KubeObject;
  fromStorage(object: KubeObject): KubeObject;
}
