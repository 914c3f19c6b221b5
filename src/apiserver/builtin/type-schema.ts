/**
 * The schema shape this folder, patch/, fieldmanager/ and openapi/ read: OpenAPI v3 with the Kubernetes extensions, with the
 * references of one type to another already followed. A CRD's `openAPIV3Schema` is a TypeSchema as it stands.
 */
import type { Json } from '../object.ts';

export interface TypeSchema {
  /**
   * The name of a shared type, e.g. `io.k8s.api.core.v1.NodeStatus`. OpenAPI documents refer to such a type by name instead
   * of repeating it, so a type may contain itself.
   */
  readonly definition?: string;
  /** The shared type as it stands alone, where this is a field's use of it with a description of its own. */
  readonly origin?: TypeSchema;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly properties?: { readonly [name: string]: TypeSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: TypeSchema | boolean;
  readonly items?: TypeSchema;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'granular' | 'atomic';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
  /** A zero value ('', 0, false or []) is kept as it was sent; without it an optional field's zero value counts as unset. */
  readonly keepZero?: boolean;
  /** How Go names the type, where that does not follow from the schema; refusals say it. */
  readonly goType?: string;
  /** The field is in every answer, empty when nobody set it; see `emptyValue`. */
  readonly always?: boolean;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}

/** The schema below the field or key `name` of an object or map schema; undefined where the schema knows nothing of it. */
export function fieldSchema(schema: TypeSchema | undefined, name: string): TypeSchema | undefined {
  if (schema === undefined) return undefined;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
