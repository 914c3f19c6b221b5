/**
 * A stored object as it lies in memory: its JSON text, and of the parsed form only what lists, watches and the garbage
 * collector look at. Entries never change; a write makes a new one.
 */
import { childText, isJsonObject, type JsonObject, type KubeObject } from '../object.ts';
import type { StoredRow } from './database.ts';

export interface Entry {
  readonly namespace: string;
  readonly name: string;
  /** `<namespace>/<name>`, or the name alone for cluster-scoped objects; lists are in the order of keys. */
  readonly key: string;
  readonly revision: number;
  /** The schema the text was written under: a reader whose schema differs prunes and defaults anew. */
  readonly tag: string;
  /** JSON in storage form, beginning with apiVersion, kind and metadata in this order. */
  readonly text: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** UIDs of the owners. */
  readonly owners: readonly string[] | undefined;
  /** Whether metadata.deletionTimestamp is set. */
  readonly deleting: boolean;
}

/** The key of an object within its storage. */
export function entryKey(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The JSON text of `object`, with apiVersion, kind and metadata first. */
export function serializeObject(object: KubeObject): string {
  const { apiVersion, kind, metadata, ...rest } = object;
  return JSON.stringify({ apiVersion, kind, metadata, ...rest });
}

/** Makes the entry of `object`, whose metadata.resourceVersion must be `revision` already. */
export function createEntry(object: KubeObject, revision: number, tag: string): Entry {
  return entryOf(object.metadata, serializeObject(object), revision, tag);
}

/** Makes the entry of a row read from disk. @throws Error when the row's JSON is not an object. */
export function entryFromRow(row: StoredRow): Entry {
  const object: unknown = JSON.parse(row.json);
  if (!isJsonObject(object) || !isJsonObject(object['metadata'])) {
    throw new Error(`Cannot load ${row.storage} ${row.namespace}/${row.name}: the stored text is no object`);
  }
  return entryOf(object['metadata'], row.json, row.revision, row.tag);
}

/** The object of an entry, parsed anew: the caller may change it. */
export function parseEntry(entry: Entry): KubeObject {
  return JSON.parse(entry.text) as KubeObject;
}

function entryOf(metadata: JsonObject, text: string, revision: number, tag: string): Entry {
  const namespace = childText(metadata, 'namespace');
  const name = childText(metadata, 'name');
  const labels = isJsonObject(metadata['labels']) ? (metadata['labels'] as Record<string, string>) : undefined;
  const references = Array.isArray(metadata['ownerReferences']) ? metadata['ownerReferences'] : [];
  const owners = references.flatMap((reference) =>
    isJsonObject(reference) && typeof reference['uid'] === 'string' ? [reference['uid']] : [],
  );
  return {
    namespace,
    name,
    key: entryKey(namespace, name),
    revision,
    tag,
    text,
    uid: childText(metadata, 'uid'),
    labels: labels !== undefined && Object.keys(labels).length > 0 ? labels : undefined,
    owners: owners.length > 0 ? owners : undefined,
    deleting: metadata['deletionTimestamp'] !== undefined,
  };
}
