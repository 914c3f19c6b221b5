/** The names of a custom resource, printer columns, subresources and selectable fields of a CRD. */
import { duplicate, invalid, required, tooMany } from '../../field-error.ts';
import type { FieldError } from '../../field-error.ts';
import { isJsonObject } from '../../object.ts';
import type { Json, JsonObject } from '../../object.ts';
import { resolveFieldPath } from '../cel/field-path.ts';
import { checkDns1035Label } from '../names.ts';
import { childPath, indexPath } from '../path.ts';
import { readStructural } from '../structural.ts';
import { listOf, textOf } from './read.ts';

const MAX_SELECTABLE_FIELDS = 8;
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

/** spec.names or status.acceptedNames. */
export function validateNames(names: Json | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const name = textOf(names, field);
    if (name === '') continue;
    const mixed = field === 'kind' || field === 'listKind';
    const problems = checkDns1035Label(mixed ? name.toLowerCase() : name);
    if (problems.length === 0) continue;
    const detail = `${mixed ? 'may have mixed case, but should otherwise match: ' : ''}${problems.join(',')}`;
    errors.push(invalid(childPath(path, field), name, detail));
  }
  errors.push(...validateLabels(listOf(names, 'shortNames'), childPath(path, 'shortNames')));
  const kind = textOf(names, 'kind');
  if (kind !== '' && kind === textOf(names, 'listKind')) {
    errors.push(invalid(childPath(path, 'listKind'), kind, 'kind and listKind may not be the same'));
  }
  errors.push(...validateLabels(listOf(names, 'categories'), childPath(path, 'categories')));
  return errors;
}

function validateLabels(names: readonly Json[], path: string): FieldError[] {
  return names.flatMap((name, i) => {
    const problems = typeof name === 'string' ? checkDns1035Label(name) : [];
    return problems.length === 0 ? [] : [invalid(indexPath(path, i), name, problems.join(','))];
  });
}

/** additionalPrinterColumns. */
export function validateColumns(columns: readonly Json[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, column] of columns.entries()) {
    const at = (field: string): string => childPath(indexPath(path, i), field);
    const [name, type, format] = [textOf(column, 'name'), textOf(column, 'type'), textOf(column, 'format')];
    if (name === '') errors.push(required(at('name')));
    const allowed = `must be one of ${COLUMN_TYPES.join(',')}`;
    if (type === '') errors.push(required(at('type'), allowed));
    else if (!COLUMN_TYPES.includes(type)) errors.push(invalid(at('type'), type, allowed));
    if (format !== '' && !COLUMN_FORMATS.includes(format)) {
      errors.push(invalid(at('format'), format, `must be one of ${COLUMN_FORMATS.join(',')}`));
    }
    const jsonPath = textOf(column, 'jsonPath');
    if (jsonPath === '') errors.push(required(at('JSONPath')));
    else errors.push(...validateJsonPath(jsonPath, at('JSONPath')));
  }
  return errors;
}

function validateJsonPath(jsonPath: string, path: string): FieldError[] {
  return jsonPath.startsWith('.') ? [] : [invalid(path, jsonPath, 'must be a simple json path starting with .')];
}

/** subresources: the paths of scale. */
export function validateSubresources(subresources: Json | undefined, path: string): FieldError[] {
  const scale = isJsonObject(subresources) ? subresources['scale'] : undefined;
  if (!isJsonObject(scale)) return [];
  return [
    ...validateScalePath(scale, 'specReplicasPath', ['.spec.'], 'should be a json path under .spec', path),
    ...validateScalePath(scale, 'statusReplicasPath', ['.status.'], 'should be a json path under .status', path),
    ...validateScalePath(scale, 'labelSelectorPath', ['.spec.', '.status.'], 'should be a json path under either .spec or .status', path),
  ];
}

function validateScalePath(scale: JsonObject, field: string, roots: readonly string[], detail: string, path: string): FieldError[] {
  const at = childPath(path, `scale.${field}`);
  const jsonPath = textOf(scale, field);
  if (jsonPath === '') return field === 'labelSelectorPath' ? [] : [required(at)];
  const errors = validateJsonPath(jsonPath, at);
  if (errors.length > 0) return errors;
  return roots.some((root) => jsonPath.startsWith(root)) ? [] : [invalid(at, jsonPath, detail)];
}

/** selectableFields: texts, booleans and whole numbers of the schema, outside metadata. */
export function validateSelectableFields(fields: readonly Json[], schema: Json | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const structural = readStructural(schema ?? null);
  const seen = new Set<string>();
  for (const [i, field] of fields.entries()) {
    const at = childPath(indexPath(path, i), 'jsonPath');
    const jsonPath = textOf(field, 'jsonPath');
    if (jsonPath === '') {
      errors.push(required(at));
      continue;
    }
    const found = resolveFieldPath(jsonPath, structural, false);
    if ('problem' in found) {
      errors.push(invalid(at, jsonPath, `is an invalid path: ${found.problem}`));
      continue;
    }
    if (found.path.split('.')[0] === 'metadata') errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? '')) {
      const detail = 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(invalid(at, jsonPath, detail));
    }
    if (seen.has(found.path)) errors.push(duplicate(at, jsonPath));
    seen.add(found.path);
  }
  if (seen.size > MAX_SELECTABLE_FIELDS) errors.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS));
  return errors;
}
