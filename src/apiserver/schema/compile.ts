/** A CRD version's schema made ready for use, once per CRD: pruning, defaulting and validation of its objects. */
import type { FieldError } from '../field-error.ts';
import type { Json, KubeObject } from '../object.ts';
import type { StructuralSchema } from './structural.ts';

export interface CompiledSchema {
  /** The schema as a tree; server-side apply and OpenAPI read list and map types from it. */
  readonly structural: StructuralSchema;
  /** Drops, in place, what the schema does not specify. Answers the paths of what went (`spec.foo`, `spec.list[0].bar`), sorted. */
  prune(object: KubeObject): string[];
  /** Fills in defaults, in place; nulls where null is not allowed but a default exists give way to it. */
  applyDefaults(object: KubeObject): void;
  /**
   * Everything the schema has to say of the values: types, limits, formats, unique lists, metadata of embedded
   * resources, CEL rules. With `old` (an update) unchanged values pass (ratcheting) and transition rules run.
   */
  validate(object: KubeObject, old?: KubeObject): FieldError[];
}

/** Reads a CRD version's openAPIV3Schema, which validateCustomResourceDefinition must have accepted. */
export type CompileSchema = (openAPIV3Schema: Json) => CompiledSchema;
