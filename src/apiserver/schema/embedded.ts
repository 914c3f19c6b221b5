/** Resources inside resources (x-kubernetes-embedded-resource): their apiVersion, kind and metadata. */
import { invalid, required } from '../field-error.ts';
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../object.ts';
import type { Json, JsonObject } from '../object.ts';
import { describeMetaTypeError, pruneMeta } from './meta-types.ts';
import { checkDns1035Label, checkPathSegment } from './names.ts';
import { validateObjectMeta } from './object-meta.ts';
import { ROOT_PATH, childPath, indexPath, keyPath } from './path.ts';
import { propertySchema, valueSchema } from './structural.ts';
import type { StructuralSchema } from './structural.ts';

/** Calls `visit` on every embedded resource of `value`, and on the whole if `isResourceRoot`. */
function eachResource(
  value: Json,
  schema: StructuralSchema | undefined,
  path: string,
  isResourceRoot: boolean,
  visit: (resource: JsonObject, path: string) => void,
): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) eachResource(item, schema.items, indexPath(path, i), false, visit);
  } else if (isJsonObject(value)) {
    if (isResourceRoot || schema['x-kubernetes-embedded-resource'] === true) visit(value, path);
    for (const key of Object.keys(value)) {
      const property = propertySchema(schema, key);
      const child = property === undefined ? keyPath(path, key) : childPath(path, key);
      eachResource(value[key] ?? null, property ?? valueSchema(schema), child, false, visit);
    }
  }
}

/** Whether a schema has embedded resources at all; most do not, and are spared the walk. */
export function hasEmbeddedResources(schema: StructuralSchema): boolean {
  if (schema['x-kubernetes-embedded-resource'] === true) return true;
  const children = [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : []), ...[valueSchema(schema)]];
  return children.some((child) => child !== undefined && hasEmbeddedResources(child));
}

/** Drops, in place, unknown fields of metadata of embedded resources; answers their paths. */
export function pruneMetadata(value: Json, schema: StructuralSchema): string[] {
  const dropped: string[] = [];
  eachResource(value, schema, '', false, (resource, path) => {
    if (isJsonObject(resource['metadata'])) dropped.push(...pruneMeta(resource['metadata'], childPath(path, 'metadata')));
  });
  return dropped;
}

/** What embedded resources lack or hold wrongly. */
export function validateEmbeddedResources(value: Json, schema: StructuralSchema, isResourceRoot: boolean, path = ROOT_PATH): FieldError[] {
  const errors: FieldError[] = [];
  eachResource(value, schema, path, isResourceRoot, (resource, at) => {
    for (const field of ['apiVersion', 'kind'] as const) {
      const where = childPath(at, field);
      const found = Object.hasOwn(resource, field) ? resource[field] : undefined;
      if (found === undefined) errors.push(required(where));
      else if (typeof found !== 'string') errors.push(invalid(where, found, 'must be a string'));
      else if (found === '') errors.push(invalid(where, '', 'must not be empty'));
      else if (field === 'kind') {
        const problems = checkDns1035Label(found.toLowerCase());
        if (problems.length > 0) {
          errors.push(invalid(where, found, `may have mixed case, but should otherwise match: ${problems.join(',')}`));
        }
      } else if (found.split('/').length > 2) {
        errors.push(invalid(where, found, `unexpected GroupVersion string: ${found}`));
      }
    }
    if (!Object.hasOwn(resource, 'metadata')) return;
    const where = childPath(at, 'metadata');
    const metadata = resource['metadata'] ?? null;
    const problem = describeMetaTypeError(metadata);
    if (problem !== undefined) {
      errors.push(invalid(where, metadata, problem));
    } else if (isJsonObject(metadata)) {
      const namespaced = typeof metadata['namespace'] === 'string' && metadata['namespace'] !== '';
      // An embedded resource need not have a name; some stand-in keeps the check quiet.
      const named = metadata['name'] === undefined || metadata['name'] === '' ? { ...metadata, name: 'fakename' } : metadata;
      errors.push(...validateObjectMeta(named, { namespaced, checkName: checkPathSegment, path: where }));
    }
  });
  return errors;
}
