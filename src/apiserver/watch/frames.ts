/** The bytes of watch events: one JSON object a line, made once an event and shared by all watchers of the same form. */
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type Resource, viewText } from '../resource.ts';
import type { Status } from '../status.ts';
import { type Entry, serializeObject } from '../store/entry.ts';
import { partialText, tableText, type TableOptions } from '../table/table.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** The form objects take in a watch. A Table's rows age, so its frames are not shared. */
export type WatchForm =
  | { readonly as: 'Object' }
  | { readonly as: 'PartialObjectMetadata'; readonly version: string }
  | { readonly as: 'Table'; readonly version: string; readonly includeObject: TableOptions['includeObject'] };

/** What all watches of a server share. */
export interface FrameCache {
  /** Frames of the latest changes, by entry, then by resource version, form and type. */
  readonly frames: Map<Entry, Map<string, Buffer>>;
  /** What entryAsOf made of the previous state of a change. */
  readonly past: WeakMap<Entry, Entry>;
}

/** Changes whose frames are kept: watchers that keep up ask for the same few at the same time. */
const keptChanges = 256;

export function createFrameCache(): FrameCache {
  return { frames: new Map(), past: new WeakMap() };
}

/** One event as a line. */
export function frame(type: WatchEventType, objectText: string): Buffer {
  return Buffer.from(`{"type":"${type}","object":${objectText.trimEnd()}}\n`);
}

/** A frame about `entry`, shared through `cache` if there is one; Tables carry their column definitions only when `first`. */
export function entryFrame(
  cache: FrameCache | undefined,
  resource: Resource,
  form: WatchForm,
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  entry: Entry,
  first: boolean,
  now: number,
): Buffer {
  if (form.as === 'Table') return frame(type, tableFrameText(resource, form, entry, first, now));
  if (cache === undefined) return objectFrame(resource, form, type, entry);
  let frames = cache.frames.get(entry);
  if (frames === undefined) {
    frames = new Map();
    cache.frames.set(entry, frames);
    const [oldest] = cache.frames.keys();
    if (cache.frames.size > keptChanges && oldest !== undefined) cache.frames.delete(oldest);
  }
  const key = `${resource.tag} ${form.as === 'Object' ? '' : form.version} ${type}`;
  let bytes = frames.get(key);
  if (bytes === undefined) {
    bytes = objectFrame(resource, form, type, entry);
    frames.set(key, bytes);
  }
  return bytes;
}

function objectFrame(resource: Resource, form: WatchForm, type: WatchEventType, entry: Entry): Buffer {
  const text = viewText(resource, entry);
  return frame(type, form.as === 'PartialObjectMetadata' ? partialText(JSON.parse(text) as KubeObject, form.version) : text);
}

function tableFrameText(resource: Resource, form: WatchForm & { as: 'Table' }, entry: Entry, first: boolean, now: number): string {
  const { version, includeObject } = form;
  return tableText(
    resource,
    viewText(resource, entry),
    { resourceVersion: String(entry.revision) },
    { version, includeObject, now },
    first,
  );
}

/** `previous` with a later `revision`: what a watcher is told when that change moves an object out of its selector. */
export function entryAsOf(cache: FrameCache, previous: Entry, revision: number): Entry {
  const known = cache.past.get(previous);
  if (known?.revision === revision) return known;
  const object = JSON.parse(previous.text) as KubeObject;
  object.metadata.resourceVersion = String(revision);
  const entry = { ...previous, revision, text: serializeObject(object) };
  cache.past.set(previous, entry);
  return entry;
}

/** A BOOKMARK: no object, only the revision up to which all has been told. */
export function bookmarkFrame(resource: Resource, form: WatchForm, revision: number, initialEventsEnd: boolean): Buffer {
  const metadata = {
    resourceVersion: String(revision),
    ...(initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
  };
  switch (form.as) {
    case 'Table': {
      const columns = initialEventsEnd ? { columnDefinitions: resource.columns } : { columnDefinitions: null };
      const rows = [
        {
          cells: resource.columns.map(() => ''),
          object: { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${form.version}`, metadata },
        },
      ];
      return frame(
        'BOOKMARK',
        JSON.stringify({
          kind: 'Table',
          apiVersion: `meta.k8s.io/${form.version}`,
          metadata: { resourceVersion: String(revision) },
          ...columns,
          rows,
        }),
      );
    }
    case 'PartialObjectMetadata':
      return frame('BOOKMARK', JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${form.version}`, metadata }));
    case 'Object':
      return frame('BOOKMARK', JSON.stringify({ kind: resource.kind, apiVersion: apiVersionOf(resource), metadata }));
  }
}

/** An ERROR event. */
export function errorFrame(status: Status): Buffer {
  return frame('ERROR', JSON.stringify(status));
}
