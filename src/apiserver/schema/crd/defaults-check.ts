/** Defaults must be values their own schema accepts, without fields it would prune. */
import { invalid } from '../../field-error.ts';
import type { FieldError } from '../../field-error.ts';
import type { Json } from '../../object.ts';
import { validateRules } from '../cel/rules.ts';
import { validateEmbeddedResources } from '../embedded.ts';
import { ROOT_PATH, childPath, keyPath } from '../path.ts';
import { hasUnknownFields } from '../prune.ts';
import type { StructuralSchema } from '../structural.ts';
import { prepareValueNode } from '../value-node.ts';
import { validateValue } from '../values.ts';

/** What is wrong with the defaults at and below `path`. */
export function validateDefaults(schema: StructuralSchema, path: string, isResourceRoot: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.default !== undefined) checkDefault(schema, schema.default, childPath(path, 'default'), isResourceRoot, errors);
  // Defaults under additionalProperties are for others to refuse.
  if (schema.items !== undefined) errors.push(...validateDefaults(schema.items, childPath(path, 'items'), false));
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    errors.push(...validateDefaults(property, keyPath(childPath(path, 'properties'), key), false));
  }
  return errors;
}

function checkDefault(schema: StructuralSchema, value: Json, path: string, isResourceRoot: boolean, errors: FieldError[]): void {
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  if (hasUnknownFields(value, schema, embedded)) errors.push(invalid(path, value, 'must not have unknown fields'));
  const metadata = validateEmbeddedResources(value, schema, embedded, path);
  if (metadata.length > 0) {
    errors.push(...metadata);
    return;
  }
  const values = validateValue(prepareValueNode(schema, true), value);
  if (values.length > 0) {
    for (const error of values) errors.push({ ...error, field: error.field === ROOT_PATH ? path : childPath(path, error.field) });
    return;
  }
  const unchanged = validateRules(schema, isResourceRoot || embedded, value, value, path);
  errors.push(...unchanged);
  // Rules that take oldSelf as an optional have to hold where there is none, too.
  if (unchanged.length === 0) errors.push(...validateRules(schema, isResourceRoot || embedded, value, undefined, path));
}
