/** From a CustomResourceDefinition to the resources it serves, one a version. */
import { createHash } from 'node:crypto';
import type { Subresource, Verb } from '../builtin/resource.ts';
import { normalizeMetadata } from '../meta/normalize-metadata.ts';
import { childObject, childText, isJsonObject, type Json, type JsonObject, type KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { type CompiledSchema, compileSchema } from '../schema/compile.ts';
import { describeMetaTypeError } from '../schema/meta-types.ts';
import { checkDns1123Subdomain } from '../schema/names.ts';
import { badRequest } from '../status.ts';
import { scalePaths } from './scale-paths.ts';
import { scaleResource, scaleSubresource, validateScaled } from './scale.ts';
import { parseJsonPath } from '../table/json-path.ts';
import { printerColumns } from '../table/printer-columns.ts';

const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const anySchema: Json = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The names under which a CRD is served: those its status accepted. */
export interface AcceptedNames {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** Reads a names object of a CRD's spec or status. */
export function readNames(names: JsonObject | undefined): AcceptedNames {
  const text = (key: string): string => (typeof names?.[key] === 'string' ? names[key] : '');
  const list = (key: string): string[] => {
    const value = names?.[key];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  };
  const kind = text('kind');
  return {
    plural: text('plural'),
    singular: text('singular') === '' ? kind.toLowerCase() : text('singular'),
    kind,
    listKind: text('listKind') === '' ? `${kind}List` : text('listKind'),
    shortNames: list('shortNames'),
    categories: list('categories'),
  };
}

/** The resources of a CRD, the stored version first; none while its names are not accepted. */
export function customResources(crd: KubeObject): Resource[] {
  const spec = childObject(crd, 'spec') ?? {};
  const names = readNames(childObject(childObject(crd, 'status') ?? {}, 'acceptedNames'));
  if (names.plural === '' || names.kind === '') return [];
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isJsonObject) : [];
  const stored = versions.find((version) => version['storage'] === true);
  const served = versions.filter((version) => version['served'] === true);
  served.sort((a, b) => Number(b === stored) - Number(a === stored));
  return served.map((version) => customResource(crd, spec, names, version, childText(stored, 'name')));
}

function customResource(crd: KubeObject, spec: JsonObject, names: AcceptedNames, version: JsonObject, storedVersion: string): Resource {
  const group = childText(spec, 'group');
  const name = childText(version, 'name');
  const schemaJson = childObject(version, 'schema')?.['openAPIV3Schema'] ?? anySchema;
  const preserves = spec['preserveUnknownFields'] === true;
  const compiled = compileSchema(preserves ? anySchema : schemaJson);
  const hash = createHash('sha256').update(JSON.stringify(schemaJson)).digest('base64url').slice(0, 16);
  const tag = `${group}/${name}/${names.kind}/${hash}`;
  const hasStatus = childObject(childObject(version, 'subresources') ?? {}, 'status') !== undefined;
  const scale = scalePaths(version);
  const subresources: Subresource[] = [
    ...(hasStatus ? [{ name: 'status', verbs: ['get', 'patch', 'update'] } as const] : []),
    ...(scale === undefined ? [] : [scaleSubresource]),
  ];
  const inVersion = (apiVersion: string) => (object: KubeObject) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion });
  const resource: Resource = {
    ...names,
    group,
    version: name,
    namespaced: spec['scope'] === 'Namespaced',
    verbs,
    subresources,
    custom: true,
    storage: crd.metadata.name,
    tag,
    storageTag: name === storedVersion ? tag : '',
    schema: compiled.structural,
    hasGeneration: true,
    hasStatus,
    createOnUpdate: false,
    unconditionalUpdate: false,
    checkName: checkDns1123Subdomain,
    collectable: true,
    returnsDeleted: false,
    ...printerColumns(version['additionalPrinterColumns']),
    ...selectable(version['selectableFields']),
    decode: (object) => decode(object, compiled, names.kind, name),
    prepare: (object, subresource, old) => {
      prepare(object, subresource, old, hasStatus);
    },
    validate: (object, subresource, old) => [
      ...(subresource === 'status' && old !== undefined ? compiled.validateStatus(object, old) : compiled.validate(object, old)),
      ...(scale === undefined ? [] : validateScaled(object, scale, subresource)),
    ],
    toStorage: inVersion(`${group}/${storedVersion}`),
    fromStorage: inVersion(`${group}/${name}`),
    views: new WeakMap(),
    rows: new WeakMap(),
    fields: new WeakMap(),
  };
  return scale === undefined ? resource : { ...resource, scale: scaleResource(resource, scale) };
}

function decode(object: KubeObject, compiled: CompiledSchema, kind: string, version: string): string[] {
  const problem = describeMetaTypeError(object.metadata);
  if (problem !== undefined) throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${problem}`);
  const unknown = compiled.prune(object);
  normalizeMetadata(object.metadata);
  compiled.applyDefaults(object);
  return unknown;
}

/** A write to the main resource leaves status alone, a write to status everything else. */
function prepare(object: KubeObject, subresource: string, old: KubeObject | undefined, hasStatus: boolean): void {
  if (old === undefined) {
    if (hasStatus) Reflect.deleteProperty(object, 'status');
    return;
  }
  if (subresource === '') {
    if (hasStatus) restore(object, old, 'status');
    return;
  }
  for (const field of new Set([...Object.keys(old), ...Object.keys(object)])) {
    if (!['apiVersion', 'kind', 'metadata', 'status'].includes(field)) restore(object, old, field);
  }
  const { managedFields } = object.metadata;
  object.metadata = { ...old.metadata };
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
}

function restore(object: KubeObject, old: KubeObject, field: string): void {
  const value = Object.hasOwn(old, field) ? old[field] : undefined;
  if (value === undefined) Reflect.deleteProperty(object, field);
  else object[field] = value;
}

function selectable(fields: Json | undefined): Pick<Resource, 'selectableFields' | 'selectedFields'> {
  const paths = (Array.isArray(fields) ? fields : []).filter(isJsonObject).map((field) => childText(field, 'jsonPath'));
  const readers = paths.map((path) => ({ name: path.replace(/^\./, ''), read: parseJsonPath(path) }));
  return {
    selectableFields: readers.map(({ name }) => name),
    selectedFields: (object) =>
      Object.fromEntries(
        readers.map(({ name, read }) => {
          const [value] = read(object);
          return [name, value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)];
        }),
      ),
  };
}
