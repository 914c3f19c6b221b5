/**
 * CustomResourceDefinitions: defaults, and everything kube-apiserver refuses in them. The server looks at its
 * internal form, where what all versions share stands at the top of spec: hence paths like
 * `spec.validation.openAPIV3Schema` for a CRD whose versions have one schema. The cost of rules is not estimated.
 */
import { forbidden, invalid, notSupported, required } from '../field-error.ts';
import type { FieldError } from '../field-error.ts';
import { isJsonObject } from '../object.ts';
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { jsonEqual } from './equality.ts';
import { checkDns1035Label, checkDns1123Subdomain } from './names.ts';
import { childPath, indexPath } from './path.ts';
import { readStructural } from './structural.ts';
import { checkApproval } from './crd/approval.ts';
import { validateDefaults } from './crd/defaults-check.ts';
import { isReadable } from './crd/readable.ts';
import { SCHEMA_FIELDS, isZero, schemaStruct, versionStruct } from './crd/go-struct.ts';
import { validateColumns, validateNames, validateSelectableFields, validateSubresources } from './crd/names-check.ts';
import { listOf, objectOf, textOf } from './crd/read.ts';
import { rootScope } from './crd/rules-check.ts';
import { checkSchema } from './crd/schema-check.ts';
import { validateStructural } from './crd/structural-check.ts';

/** Fills in, in place, the names and the conversion a CRD may leave out. */
export function defaultCustomResourceDefinition(crd: KubeObject): void {
  const spec = objectOf(crd, 'spec');
  if (spec === undefined) return;
  const names = objectOf(spec, 'names');
  if (names !== undefined) {
    const kind = textOf(names, 'kind');
    if (textOf(names, 'singular') === '') names['singular'] = kind.toLowerCase();
    if (textOf(names, 'listKind') === '' && kind !== '') names['listKind'] = `${kind}List`;
  }
  if (objectOf(spec, 'conversion') === undefined) spec['conversion'] = { strategy: 'None' };
}

/** What is wrong with a CRD that is created, or with `old` updated to it. Defaults must have been applied. */
export function validateCustomResourceDefinition(crd: KubeObject, old?: KubeObject): FieldError[] {
  const spec = objectOf(crd, 'spec') ?? {};
  const errors: FieldError[] = [];
  const wanted = `${textOf(objectOf(spec, 'names'), 'plural')}.${textOf(spec, 'group')}`;
  if (old === undefined && crd.metadata.name !== wanted) {
    errors.push(invalid('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  }
  errors.push(...validateSpec(spec));
  if (old !== undefined) errors.push(...validateImmutable(spec, objectOf(old, 'spec') ?? {}, isEstablished(old)));
  const status = objectOf(crd, 'status');
  errors.push(...validateNames(objectOf(status, 'acceptedNames'), 'status.acceptedNames'));
  errors.push(...validateStoredVersions(listOf(status, 'storedVersions'), listOf(spec, 'versions')));
  errors.push(...checkApproval(crd, old));
  if (spec['preserveUnknownFields'] === true && objectOf(old, 'spec')?.['preserveUnknownFields'] !== true) {
    const detail = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
    errors.push(invalid('spec.preserveUnknownFields', true, detail));
  }
  return errors;
}

function isEstablished(crd: KubeObject): boolean {
  return listOf(objectOf(crd, 'status'), 'conditions').some(
    (condition) => textOf(condition, 'type') === 'Established' && textOf(condition, 'status') === 'True',
  );
}

function validateImmutable(spec: JsonObject, old: JsonObject, established: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const compare = (path: string, value: string, before: string): void => {
    if (value !== before) errors.push(invalid(path, value, 'field is immutable'));
  };
  const [names, oldNames] = [objectOf(spec, 'names'), objectOf(old, 'names')];
  if (established) {
    compare('spec.scope', textOf(spec, 'scope'), textOf(old, 'scope'));
    compare('spec.names.kind', textOf(names, 'kind'), textOf(oldNames, 'kind'));
  }
  compare('spec.group', textOf(spec, 'group'), textOf(old, 'group'));
  compare('spec.names.plural', textOf(names, 'plural'), textOf(oldNames, 'plural'));
  return errors;
}

const SHARED = ['subresources', 'schema', 'additionalPrinterColumns', 'selectableFields'] as const;

/** spec in the internal form: what all versions have alike is taken out of them. */
function internalForm(spec: JsonObject): { shared: JsonObject; versions: JsonObject[] } {
  const versions = listOf(spec, 'versions')
    .filter(isJsonObject)
    .map((version) => ({ ...version }));
  const shared: JsonObject = {};
  for (const field of SHARED) {
    const first = versions[0]?.[field] ?? null;
    if (versions.length === 0 || !versions.every((version) => jsonEqual(version[field] ?? null, first))) continue;
    if (first !== null) shared[field] = first;
    for (const version of versions) Reflect.deleteProperty(version, field);
  }
  return { shared, versions };
}

function validateSpec(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const { shared, versions } = internalForm(spec);
  errors.push(...validateGroup(textOf(spec, 'group')), ...validateScope(textOf(spec, 'scope')));
  if (objectOf(objectOf(shared, 'schema'), 'openAPIV3Schema') === undefined) {
    for (const [i, version] of versions.entries()) {
      if (objectOf(objectOf(version, 'schema'), 'openAPIV3Schema') === undefined) {
        errors.push(required(`${indexPath('spec.versions', i)}.schema.openAPIV3Schema`));
      }
    }
  }
  const anyStatus = [shared, ...versions].some((part) => objectOf(objectOf(part, 'subresources'), 'status') !== undefined);
  for (const [i, version] of versions.entries()) {
    const path = indexPath('spec.versions', i);
    const problems = checkDns1035Label(textOf(version, 'name'));
    if (problems.length > 0) errors.push(invalid(`${path}.name`, textOf(version, 'name'), problems.join(',')));
    const subresources = objectOf(shared, 'subresources') ?? objectOf(version, 'subresources');
    errors.push(
      ...validateDeprecation(version, path),
      ...validateParts(version, path, 'schema', objectOf(subresources, 'status') !== undefined),
    );
  }
  const quoted = Array.isArray(spec['versions']) ? versions.map(versionStruct) : null;
  const names = versions.map((version) => textOf(version, 'name'));
  if (new Set(names).size < names.length) errors.push(invalid('spec.versions', quoted, 'must contain unique version names'));
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    errors.push(invalid('spec.versions', quoted, 'must have exactly one version marked as storage version'));
  }
  const [first] = names;
  if (first !== undefined && first !== '') {
    const problems = checkDns1035Label(first);
    if (problems.length > 0) errors.push(invalid('spec.version', first, problems.join(',')));
  }
  for (const field of ['plural', 'singular', 'kind', 'listKind']) {
    if (textOf(objectOf(spec, 'names'), field) === '') errors.push(required(`spec.names.${field}`));
  }
  errors.push(...validateNames(objectOf(spec, 'names'), 'spec.names'), ...validateParts(shared, 'spec', 'validation', anyStatus));
  errors.push(...validateConversion(objectOf(spec, 'conversion')));
  return errors;
}

function validateGroup(group: string): FieldError[] {
  if (group === '') return [required('spec.group')];
  const problems = checkDns1123Subdomain(group);
  if (problems.length > 0) return [invalid('spec.group', group, problems.join(','))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

function validateScope(scope: string): FieldError[] {
  if (scope === '') return [required('spec.scope')];
  const scopes = ['Cluster', 'Namespaced'];
  return scopes.includes(scope) ? [] : [notSupported('spec.scope', scope, scopes)];
}

/** Schema, subresources, columns and selectable fields, of a version or shared by all. */
function validateParts(part: JsonObject, path: string, schemaField: string, statusEnabled: boolean): FieldError[] {
  const schema = objectOf(objectOf(part, 'schema'), 'openAPIV3Schema');
  const errors = schema === undefined ? [] : validateSchema(schema, `${path}.${schemaField}.openAPIV3Schema`, statusEnabled);
  errors.push(...validateSubresources(objectOf(part, 'subresources'), `${path}.subresources`));
  errors.push(...validateColumns(listOf(part, 'additionalPrinterColumns'), `${path}.additionalPrinterColumns`));
  const selectable = listOf(part, 'selectableFields');
  if (selectable.length > 0) errors.push(...validateSelectableFields(selectable, schema, `${path}.selectableFields`));
  return errors;
}

function validateDeprecation(version: JsonObject, path: string): FieldError[] {
  const warning = version['deprecationWarning'];
  if (typeof warning !== 'string') return [];
  const refuse = (detail: string): FieldError => invalid(`${path}.deprecationWarning`, warning, detail);
  if (version['deprecated'] !== true) return [refuse('can only be set for deprecated versions')];
  const errors: FieldError[] = [];
  if (Buffer.byteLength(warning) > 256) errors.push(refuse('must be <= 256 characters long'));
  if (warning === '') errors.push(refuse('must not be an empty string'));
  const odd = warning.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (odd >= 0) {
    const at = Buffer.byteLength(warning.slice(0, odd));
    errors.push(refuse(`must only contain printable UTF-8 characters; non-printable character found at index ${String(at)}`));
  }
  return errors;
}

const ALLOWED_AT_ROOT =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';

function validateSchema(schema: JsonObject, path: string, statusEnabled: boolean): FieldError[] {
  const errors = statusEnabled ? validateRootFields(schema, path) : [];
  if (schema['nullable'] === true) errors.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  const structural = readStructural(schema);
  const readable = isReadable(schema);
  let shape = readable ? validateStructural(structural, path) : [];
  if (readable && shape.length === 0) shape = validateDefaults(structural, path, true);
  errors.push(...shape);
  const scope = readable && shape.length === 0 ? rootScope(schema) : undefined;
  const found = checkSchema(schema, path, {}, true, scope);
  return [...errors, ...found.schema, ...found.cel];
}

/** With a status subresource the root is more restricted. */
function validateRootFields(schema: JsonObject, path: string): FieldError[] {
  for (const [name, field] of SCHEMA_FIELDS) {
    if (name === 'Type' ? textOf(schema, 'type') === '' : isZero(schema[field])) continue;
    if (name === 'Type') {
      if (textOf(schema, 'type') === 'object') continue;
      const detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(`${path}.type`, schema['type'], detail)];
    }
    if (!ALLOWED_AT_ROOT.split(' ').includes(name)) {
      const detail = `only [${ALLOWED_AT_ROOT}] fields are allowed at the root of the schema if the status subresource is enabled`;
      return [invalid(path, schemaStruct(schema), detail)];
    }
  }
  return [];
}

function validateStoredVersions(stored: readonly Json[], versions: readonly Json[]): FieldError[] {
  const path = 'status.storedVersions';
  if (stored.length === 0) return [invalid(path, null, 'must have at least one stored version')];
  const errors: FieldError[] = [];
  const names = versions.map((version) => textOf(version, 'name'));
  for (const version of versions) {
    const name = textOf(version, 'name');
    if (isJsonObject(version) && version['storage'] === true && !stored.includes(name)) {
      errors.push(invalid(path, stored, `must have the storage version ${name}`));
    }
  }
  for (const [i, name] of stored.entries()) {
    if (typeof name !== 'string' || names.includes(name)) continue;
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(indexPath(path, i), name, detail));
  }
  return errors;
}

/** This server converts nothing; a webhook is refused with the word for what is not supported. */
function validateConversion(conversion: JsonObject | undefined): FieldError[] {
  if (conversion === undefined) return [];
  const path = 'spec.conversion';
  const strategy = textOf(conversion, 'strategy');
  if (strategy === '') return [required(childPath(path, 'strategy'))];
  if (strategy !== 'None') return [notSupported(childPath(path, 'strategy'), strategy, ['None'])];
  const webhook = objectOf(conversion, 'webhook');
  const errors: FieldError[] = [];
  if (objectOf(webhook, 'clientConfig') !== undefined) {
    errors.push(forbidden(childPath(path, 'webhookClientConfig'), 'should not be set when strategy is not set to Webhook'));
  }
  if (listOf(webhook, 'conversionReviewVersions').length > 0) {
    errors.push(forbidden(childPath(path, 'conversionReviewVersions'), 'should not be set when strategy is not set to Webhook'));
  }
  return errors;
}
