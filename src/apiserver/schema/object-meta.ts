/** metadata of an object: which fields it has, of what types, and what they may hold. */
import { forbidden, invalid, required, tooLong } from '../field-error.ts';
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../object.ts';
import type { Json, JsonObject } from '../object.ts';
import { jsonEqual } from './equality.ts';
import { goQuote } from './go-format.ts';
import { checkDns1123Label, checkLabelValue, checkQualifiedName } from './names.ts';
import { childPath } from './path.ts';

const MAX_ANNOTATION_BYTES = 256 * 1024;

export interface ObjectMetaRules {
  readonly namespaced: boolean;
  /** The complaints about a name; a generated name's prefix is handed over completed. */
  readonly checkName: (name: string) => string[];
  /** Where the metadata stands, `metadata` for a whole object. */
  readonly path: string;
}

/** What a new object's metadata may not hold (api/validation.ValidateObjectMeta). Its types must have been checked. */
export function validateObjectMeta(meta: JsonObject, rules: ObjectMetaRules): FieldError[] {
  const errors: FieldError[] = [];
  const at = (field: string): string => childPath(rules.path, field);
  const generateName = text(meta, 'generateName');
  if (generateName !== '') {
    // The last character of the prefix may be a dash, which the generated end will follow.
    const sample = generateName.length > 1 && generateName.endsWith('-') ? `${generateName.slice(0, -2)}a` : generateName;
    for (const problem of rules.checkName(sample)) errors.push(invalid(at('generateName'), generateName, problem));
  }
  const name = text(meta, 'name');
  if (name === '') errors.push(required(at('name'), 'name or generateName is required'));
  else for (const problem of rules.checkName(name)) errors.push(invalid(at('name'), name, problem));
  const namespace = text(meta, 'namespace');
  if (rules.namespaced) {
    if (namespace === '') errors.push(required(at('namespace')));
    else for (const problem of checkDns1123Label(namespace)) errors.push(invalid(at('namespace'), namespace, problem));
  } else if (namespace !== '') {
    errors.push(forbidden(at('namespace'), 'not allowed on this type'));
  }
  if (count(meta, 'generation') < 0) errors.push(invalid(at('generation'), meta['generation'], 'must be greater than or equal to 0'));
  errors.push(...validateLabels(meta, at('labels')), ...validateAnnotations(meta, at('annotations')));
  errors.push(...validateOwnerReferences(meta, at('ownerReferences')), ...validateFinalizers(meta, at('finalizers')));
  return errors;
}

const IMMUTABLE = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** What an update may not do to metadata (api/validation.ValidateObjectMetaUpdate). */
export function validateObjectMetaUpdate(meta: JsonObject, old: JsonObject, path = 'metadata'): FieldError[] {
  const errors: FieldError[] = [];
  const at = (field: string): string => childPath(path, field);
  if (old['deletionTimestamp'] !== undefined) {
    const before = texts(old, 'finalizers');
    const added = [...new Set(texts(meta, 'finalizers'))].filter((finalizer) => !before.includes(finalizer)).sort();
    if (added.length > 0) {
      const found = `[]string{${added.map(goQuote).join(', ')}}`;
      errors.push(
        forbidden(at('finalizers'), `no new finalizers can be added if the object is being deleted, found new finalizers ${found}`),
      );
    }
  }
  if (text(meta, 'resourceVersion') === '') errors.push(invalid(at('resourceVersion'), '', 'must be specified for an update'));
  if (count(meta, 'generation') < count(old, 'generation')) {
    errors.push(invalid(at('generation'), meta['generation'] ?? 0, 'must not be decremented'));
  }
  for (const field of IMMUTABLE) {
    if (!jsonEqual(meta[field] ?? null, old[field] ?? null)) errors.push(invalid(at(field), meta[field] ?? null, 'field is immutable'));
  }
  errors.push(...validateLabels(meta, at('labels')), ...validateAnnotations(meta, at('annotations')));
  errors.push(...validateOwnerReferences(meta, at('ownerReferences')));
  return errors;
}

function validateLabels(meta: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(isJsonObject(meta['labels']) ? meta['labels'] : {})) {
    for (const problem of checkQualifiedName(key)) errors.push(invalid(path, key, problem));
    for (const problem of checkLabelValue(scalarText(value))) errors.push(invalid(path, value, problem));
  }
  return errors;
}

function validateAnnotations(meta: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(isJsonObject(meta['annotations']) ? meta['annotations'] : {})) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(scalarText(value));
    for (const problem of checkQualifiedName(key.toLowerCase())) errors.push(invalid(path, key, problem));
  }
  if (bytes > MAX_ANNOTATION_BYTES) errors.push(tooLong(path, MAX_ANNOTATION_BYTES));
  return errors;
}

function validateOwnerReferences(meta: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  for (const owner of list(meta, 'ownerReferences')) {
    if (!isJsonObject(owner)) continue;
    const apiVersion = text(owner, 'apiVersion');
    const kind = text(owner, 'kind');
    if (apiVersion.split('/').length > 2 || (apiVersion.split('/').at(-1) ?? '') === '')
      errors.push(invalid(childPath(path, 'apiVersion'), apiVersion, 'version must not be empty'));
    for (const field of ['kind', 'name', 'uid'] as const) {
      if (text(owner, field) === '') errors.push(invalid(childPath(path, field), '', 'must not be empty'));
    }
    if (apiVersion === 'v1' && kind === 'Event') errors.push(invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'));
    if (owner['controller'] !== true) continue;
    const name = `${kind}/${text(owner, 'name')}`;
    if (controller === '') {
      controller = name;
    } else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      // As maps, which are printed in the order of their keys and not sorted.
      const references = list(meta, 'ownerReferences').map(
        (reference) => new Map(Object.entries(isJsonObject(reference) ? reference : {})),
      );
      errors.push(invalid(path, references, detail));
    }
  }
  return errors;
}

function validateFinalizers(meta: JsonObject, path: string): FieldError[] {
  const finalizers = texts(meta, 'finalizers');
  const errors = finalizers.flatMap((finalizer) => checkQualifiedName(finalizer).map((problem) => invalid(path, finalizer, problem)));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function text(meta: JsonObject, field: string): string {
  const value = Object.hasOwn(meta, field) ? meta[field] : undefined;
  return typeof value === 'string' ? value : '';
}

function count(meta: JsonObject, field: string): number {
  const value = meta[field];
  return typeof value === 'number' ? value : 0;
}

function list(meta: JsonObject, field: string): readonly Json[] {
  const value = meta[field];
  return Array.isArray(value) ? value : [];
}

function texts(meta: JsonObject, field: string): string[] {
  return list(meta, field).filter((item) => typeof item === 'string');
}

function scalarText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
