/**
 * A served resource (one group, version and plural) as the request handlers see it, whether built in or made by a CRD.
 * Everything is data or a pure function; the objects themselves lie in the store under `storage`.
 */
import type { Subresource, TableCell, TableColumn, Verb } from './builtin/resource.ts';
import type { TypeSchema } from './builtin/type-schema.ts';
import type { ScalePaths } from './custom/scale-paths.ts';
import type { FieldError } from './field-error.ts';
import type { KubeObject } from './object.ts';
import { type Entry, parseEntry, serializeObject } from './store/entry.ts';

/** A table row as far as it does not change with time. */
export interface KeptRow {
  /** JSON texts of cells, or the time in ms since the epoch that an age counts from. */
  readonly cells: readonly (string | number)[];
  /** The JSON text of the object's metadata. */
  readonly metadata: string;
}

/** What a resource of Scales is a view of. */
export interface Scaled {
  readonly parent: Resource;
  readonly paths: ScalePaths;
}

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** The Scales of its objects, where it has a scale subresource. */
  readonly scale?: Resource;
  /** Set where this is a view of other objects as Scales. */
  readonly scaled?: Scaled;
  /** Whether a CRD made it: such resources take no strategic merge patches and are validated in full on status writes. */
  readonly custom: boolean;
  /** The name of the collection in the store; views of the same objects share it. */
  readonly storage: string;
  /** Names the schema that a text in this version was pruned and defaulted by. */
  readonly tag: string;
  /** The tag of the version that is stored: texts are written with it. */
  readonly storageTag: string;
  readonly schema: TypeSchema;
  readonly hasGeneration: boolean;
  /** Whether status is written through its subresource only. */
  readonly hasStatus: boolean;
  /** The complaints about a name. */
  readonly checkName: (name: string) => string[];
  /** Whether a PUT to a name that does not exist creates the object. */
  readonly createOnUpdate: boolean;
  /** Whether a PUT without metadata.resourceVersion is accepted. */
  readonly unconditionalUpdate: boolean;
  /** Whether the garbage collector's finalizers may be put on its objects. */
  readonly collectable: boolean;
  /** Whether a delete answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  readonly columns: readonly TableColumn[];
  row(object: KubeObject, now: number): TableCell[];
  /** The same with ages left open, where rows can be kept; see printer-columns.ts. */
  rowTemplate?(object: KubeObject): (TableCell | { readonly since: string })[];
  /** Fields that a field selector may name, beside metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[];
  selectedFields(object: KubeObject): Record<string, string>;
  /**
   * Brings a body, or a stored text of another version, into this version's form, in place: types are checked, unknown fields
   * dropped and their paths answered, defaults filled in. @throws StatusError 400 for a value of a wrong type.
   */
  decode(object: KubeObject): string[];
  /** Puts back what this write may not change, and fills what the server fills, in place. `old` is absent on a create. */
  prepare(object: KubeObject, subresource: string, old?: KubeObject): void;
  /** Refusals of spec and status; metadata is judged elsewhere. */
  validate(object: KubeObject, subresource: string, old?: KubeObject): FieldError[];
  toStorage(object: KubeObject): KubeObject;
  fromStorage(object: KubeObject): KubeObject;
  /** Texts, table rows and selector fields already made for this version, by entry. */
  readonly views: WeakMap<Entry, string>;
  readonly rows: WeakMap<Entry, KeptRow>;
  readonly fields: WeakMap<Entry, Readonly<Record<string, string>>>;
}

/** `group/version`, or the version alone for the core group. */
export function apiVersionOf(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource as errors name it. */
export function groupResourceOf(resource: Resource): { group: string; resource: string } {
  return { group: (resource.scaled?.parent ?? resource).group, resource: resource.plural };
}

/** The kind as errors name it; kube-apiserver judges events of both groups as those of the core. */
export function groupKindOf(resource: Resource): { group: string; kind: string } {
  return { group: resource.storage === 'events' ? '' : resource.group, kind: resource.kind };
}

/** An object's JSON text in this resource's version. */
export function viewText(resource: Resource, entry: Entry): string {
  if (entry.tag === resource.tag) return entry.text;
  let text = resource.views.get(entry);
  if (text === undefined) {
    const object = resource.fromStorage(parseEntry(entry));
    resource.decode(object);
    text = serializeObject(object);
    resource.views.set(entry, text);
  }
  return text;
}

/** An object in this resource's version, parsed anew: the caller may change it. */
export function viewObject(resource: Resource, entry: Entry): KubeObject {
  return JSON.parse(viewText(resource, entry)) as KubeObject;
}

/** The values a field selector sees. */
export function viewFields(resource: Resource, entry: Entry): Readonly<Record<string, string>> {
  let fields = resource.fields.get(entry);
  if (fields === undefined) {
    const own = resource.selectableFields.length === 0 ? {} : resource.selectedFields(viewObject(resource, entry));
    fields = { ...own, 'metadata.name': entry.name, 'metadata.namespace': entry.namespace };
    resource.fields.set(entry, fields);
  }
  return fields;
}
