/** meta.k8s.io Tables, which `kubectl get` prints. */
import type { Json, KubeObject } from '../object.ts';
import { type Resource, viewText } from '../resource.ts';
import { goQuote } from '../schema/go-format.ts';
import { badRequest } from '../status.ts';
import type { Entry } from '../store/entry.ts';

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

/** The JSON text of a Table over these object texts; the column definitions are left out of later watch events. */
export function tableText(resource: Resource, texts: readonly string[], metadata: Json, options: TableOptions, withColumns = true): string {
  const head = JSON.stringify({ kind: 'Table', apiVersion: `meta.k8s.io/${options.version}`, metadata }).slice(0, -1);
  const columns = withColumns ? JSON.stringify(resource.columns) : 'null';
  return `${head},"columnDefinitions":${columns},"rows":[${texts.map((text) => rowText(resource, text, options)).join(',')}]}\n`;
}

/** The same over stored entries. */
export function entriesTable(resource: Resource, entries: readonly Entry[], metadata: Json, options: TableOptions): string {
  return tableText(
    resource,
    entries.map((entry) => viewText(resource, entry)),
    metadata,
    options,
  );
}

function rowText(resource: Resource, text: string, options: TableOptions): string {
  const object = JSON.parse(text) as KubeObject;
  const cells = JSON.stringify(resource.row(object, options.now));
  return `{"cells":${cells},"object":${rowObject(object, text, options)}}`;
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
