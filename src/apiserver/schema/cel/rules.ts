/** The CEL rules of a schema, compiled once and run on its objects. */
import type { FieldError } from '../../field-error.ts';
import type { KubeObject } from '../../object.ts';
import type { Correlation } from '../correlation.ts';
import type { StructuralSchema } from '../structural.ts';

export interface CompiledRules {
  validate(object: KubeObject, old: KubeObject | undefined, correlation: Correlation | undefined): FieldError[];
}

/** The rules of a whole resource's schema; undefined if it has none. */
export function compileRules(_schema: StructuralSchema): CompiledRules | undefined {
  return undefined;
}
