/** meta.k8s.io Tables, which `kubectl get` prints. */
import { humanDuration } from '../builtin/age.ts';
import type { Json, KubeObject } from '../object.ts';
import { apiVersionOf, type KeptRow, type Resource, viewObject, viewText } from '../resource.ts';
import { goQuote } from '../schema/go-format.ts';
import { badRequest } from '../status.ts';
import type { Entry } from '../store/entry.ts';
import { isSince } from './printer-columns.ts';

/** What of each object a row carries along. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  readonly version: string;
  readonly includeObject: IncludeObject;
  /** Milliseconds since the epoch; ages are relative to it. */
  readonly now: number;
}

/** Reads the includeObject parameter. @throws StatusError 400 */
export function parseIncludeObject(value: string | null): IncludeObject {
  if (value === null || value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/** The JSON text of a Table of one object; the column definitions are left out of later watch events. */
export function tableText(resource: Resource, text: string, metadata: Json, options: TableOptions, withColumns = true): string {
  return assemble(resource, [objectRow(resource, text, options)], metadata, options, withColumns);
}

function objectRow(resource: Resource, text: string, options: TableOptions): string {
  const object = JSON.parse(text) as KubeObject;
  return `{"cells":${JSON.stringify(resource.row(object, options.now))},"object":${rowObject(object, text, options)}}`;
}

/** The JSON text of a Table of stored entries. */
export function entriesTable(resource: Resource, entries: readonly Entry[], metadata: Json, options: TableOptions): string {
  const keeps = resource.rowTemplate !== undefined;
  const rows = entries.map((entry) =>
    keeps ? entryRow(resource, entry, options) : objectRow(resource, viewText(resource, entry), options),
  );
  return assemble(resource, rows, metadata, options, true);
}

function assemble(resource: Resource, rows: readonly string[], metadata: Json, options: TableOptions, withColumns: boolean): string {
  const head = JSON.stringify({ kind: 'Table', apiVersion: `meta.k8s.io/${options.version}`, metadata }).slice(0, -1);
  const columns = withColumns ? JSON.stringify(resource.columns) : 'null';
  return `${head},"columnDefinitions":${columns},"rows":[${rows.join(',')}]}\n`;
}

function entryRow(resource: Resource, entry: Entry, options: TableOptions): string {
  const kept = keptRow(resource, entry);
  const cells = kept.cells.map((cell) => (typeof cell === 'string' ? cell : `"${humanDuration(options.now - cell)}"`)).join(',');
  switch (options.includeObject) {
    case 'None':
      return `{"cells":[${cells}],"object":null}`;
    case 'Object':
      return `{"cells":[${cells}],"object":${viewText(resource, entry)}}`;
    case 'Metadata': {
      const object = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${options.version}","metadata":${kept.metadata}}`;
      return `{"cells":[${cells}],"object":${object}}`;
    }
  }
}

/** The row of an entry; it is kept where only ages change with time. */
function keptRow(resource: Resource, entry: Entry): KeptRow {
  let row = resource.rows.get(entry);
  if (row === undefined) {
    const object = viewObject(resource, entry);
    const template = resource.rowTemplate?.(object);
    const cells = (template ?? []).map((cell) => (isSince(cell) ? (sinceMilliseconds(cell.since) ?? '"<unknown>"') : JSON.stringify(cell)));
    row = { cells, metadata: metadataText(resource, viewText(resource, entry), object) };
    resource.rows.set(entry, row);
  }
  return row;
}

/** metadata as a part of the object's text, which begins with apiVersion, kind and metadata: no copy is made. */
function metadataText(resource: Resource, text: string, object: KubeObject): string {
  const metadata = JSON.stringify(object.metadata);
  const start = JSON.stringify({ apiVersion: apiVersionOf(resource), kind: resource.kind }).length + '"metadata":'.length;
  const part = text.slice(start, start + metadata.length);
  return part === metadata ? part : metadata;
}

function sinceMilliseconds(time: string): number | undefined {
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function rowObject(object: KubeObject, text: string, options: TableOptions): string {
  switch (options.includeObject) {
    case 'None':
      return 'null';
    case 'Object':
      return text;
    case 'Metadata':
      return partialText(object, options.version);
  }
}

/** The JSON text of an object's PartialObjectMetadata. */
export function partialText(object: KubeObject, version: string): string {
  return JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata });
}
