/** A CRD version's schema made ready for use, once per CRD: pruning, defaulting and validation of its objects. */
import { invalid } from '../field-error.ts';
import type { FieldError, FieldErrorType } from '../field-error.ts';
import { isJsonObject } from '../object.ts';
import type { Json, KubeObject } from '../object.ts';
import { compileRules } from './cel/rules.ts';
import { Correlation } from './correlation.ts';
import { applyDefaults } from './defaults.ts';
import { hasEmbeddedResources, pruneMetadata, validateEmbeddedResources } from './embedded.ts';
import { validateListTypes } from './list-types.ts';
import { pruneMeta } from './meta-types.ts';
import { ROOT_PATH } from './path.ts';
import { pruneUnknownFields } from './prune.ts';
import { readStructural } from './structural.ts';
import type { StructuralSchema } from './structural.ts';
import { prepareValueNode } from './value-node.ts';
import { validateValue } from './values.ts';

export interface CompiledSchema {
  /** The schema as a tree; server-side apply and OpenAPI read list and map types from it. */
  readonly structural: StructuralSchema;
  /** Drops, in place, what the schema does not specify. Answers the paths of what went (`spec.foo`, `spec.list[0].bar`): of metadata first, then the others, sorted. */
  prune(object: KubeObject): string[];
  /** Fills in defaults, in place; nulls where null is not allowed go, or give way to the default. */
  applyDefaults(object: KubeObject): void;
  /**
   * Everything the schema has to say of the values: types, limits, formats, unique lists, metadata of embedded
   * resources, CEL rules. With `old` (an update) unchanged values pass (ratcheting) and transition rules run.
   */
  validate(object: KubeObject, old?: KubeObject): FieldError[];
  /** The same for a write to the status subresource: of the values only status is looked at, with paths inside it. */
  validateStatus(object: KubeObject, old: KubeObject): FieldError[];
}

/** Refusals that leave the object's shape in doubt; CEL rules do not run on such an object. */
const BLOCKING: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const RULES_SKIPPED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

/** Reads a CRD version's openAPIV3Schema, which validateCustomResourceDefinition must have accepted. */
export function compileSchema(openAPIV3Schema: Json): CompiledSchema {
  const structural = readStructural(openAPIV3Schema);
  const root = prepareValueNode(structural);
  const status = root.properties.get('status');
  const embedded = hasEmbeddedResources(structural);
  const rules = compileRules(structural);

  const addRules = (
    errors: FieldError[],
    object: KubeObject,
    old: KubeObject | undefined,
    correlation: Correlation | undefined,
  ): FieldError[] => {
    if (rules === undefined) return errors;
    if (errors.some(({ type }) => BLOCKING.has(type))) return [...errors, invalid(ROOT_PATH, null, RULES_SKIPPED)];
    return [...errors, ...rules.validate(object, old, correlation)];
  };

  return {
    structural,
    prune(object) {
      const meta = isJsonObject(object.metadata) ? pruneMeta(object.metadata, 'metadata') : [];
      const fields = pruneUnknownFields(object, structural, true);
      return [...meta, ...fields, ...(embedded ? pruneMetadata(object, structural) : [])];
    },
    applyDefaults: (object) => {
      applyDefaults(object, structural);
    },
    validate(object, old) {
      const correlation = old === undefined ? undefined : new Correlation(object, old, structural);
      const errors = validateValue(root, object, '', correlation);
      if (embedded) errors.push(...validateEmbeddedResources(object, structural, false));
      const lists = validateListTypes(object, structural);
      // Duplicates that were there before are not this update's fault.
      if (lists.length > 0 && (old === undefined || validateListTypes(old, structural).length === 0)) errors.push(...lists);
      return addRules(errors, object, old, correlation);
    },
    validateStatus(object, old) {
      const correlation = new Correlation(object, old, structural);
      const errors: FieldError[] = [];
      const value = Object.hasOwn(object, 'status') ? object['status'] : undefined;
      if (status !== undefined && value !== undefined) {
        for (const error of validateValue(status, value, '', correlation.key('status'))) {
          errors.push({ ...error, field: error.field === ROOT_PATH ? 'status' : `status.${error.field}` });
        }
      }
      const lists = validateListTypes(object, structural);
      if (lists.length > 0 && validateListTypes(old, structural).length === 0) errors.push(...lists);
      return addRules(errors, object, old, correlation);
    },
  };
}
