/**
 * The parts of a CRD schema that zod has no word for, put on a zod schema with `.meta(...)`.
 * Source: Kubernetes, "Extend the Kubernetes API with CustomResourceDefinitions", structural schemas.
 */

/** A CEL rule as it stands in x-kubernetes-validations. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
}

/** Metadata that carries the rules into the generated schema. */
export function rules(...list: readonly CelRule[]): { 'x-kubernetes-validations': readonly CelRule[] } {
  return { 'x-kubernetes-validations': list };
}

/** How server-side apply merges a list. */
export const listTypes = {
  atomic: { 'x-kubernetes-list-type': 'atomic' },
  set: { 'x-kubernetes-list-type': 'set' },
  mapBy: (...keys: readonly string[]) => ({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }),
} as const;
